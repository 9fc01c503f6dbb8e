// The fields of which a stream's payload and its parts are made, written and read. Must keep nothing of what it reads.
import type { RdbReader } from './rdb-reader.js';
import { rdbLength } from './rdb-writer.js';
import { idOf, msOf, seqOf } from './stream-id.js';

/** An ID as two numbers. */
export const idFields = (id: bigint): Buffer[] => [rdbLength(msOf(id)), rdbLength(seqOf(id))];
export const readId = (reader: RdbReader): bigint => idOf(reader.unsigned(), reader.unsigned());

/** A number that has a sign in Redis. */
export const counterField = (value: bigint): Buffer => rdbLength(BigInt.asUintN(64, value));
export const readCounter = (reader: RdbReader): bigint => BigInt.asIntN(64, reader.unsigned());

/** The name of a group or a consumer, as latin1 text. */
export function readName(reader: RdbReader): string {
  const bytes = reader.string();
  return bytes.latin1Slice(0, bytes.length);
}
