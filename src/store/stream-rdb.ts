// Streams as Redis 7.0 writes them in payloads, without the type code; the form before 7.0 is read too. It is also how
// a stream travels between groups and members: nothing of it is left out. A corrupt one is an error, never a crash.
import { BadPayload, bad, RdbReader } from './rdb-reader.js';
import { rdbLength, rdbString, rdbTime } from './rdb-writer.js';
import { counterField, idFields, readCounter, readId, readName } from './stream-fields.js';
import { byName, Consumer, type ConsumerGroup, type Pending } from './stream-groups.js';
import { idBytes, idIn } from './stream-id.js';
import { readRun } from './stream-listpack.js';
import type { StreamNode } from './stream-node.js';
import { Stream } from './stream-value.js';

// ---- writing

function groupParts(group: ConsumerGroup): Buffer[] {
  const { name, last, read, pending, consumers } = group;
  const parts = [...rdbString(name), ...idFields(last), counterField(read)];
  parts.push(rdbLength(pending.size));
  for (const [id, { time, count }] of pending.from(0n))
    parts.push(idBytes(id), rdbTime(time), counterField(count));
  parts.push(rdbLength(consumers.size));
  for (const [each, consumer] of byName(consumers)) {
    parts.push(...rdbString(each), rdbTime(consumer.seen), rdbLength(consumer.pending.size));
    for (const [id] of consumer.pending.from(0n)) parts.push(idBytes(id));
  }
  return parts;
}

/** A stream as parts of a payload: its runs first, one by one, then the rest. */
export function writeStream(stream: Stream): Buffer[] {
  const { runs, length, last, first, maxDeleted, added, groups } = stream;
  const parts = [rdbLength(runs.length)];
  for (const run of runs) {
    const bytes = run.listpack();
    parts.push(rdbLength(16), idBytes(run.master), rdbLength(bytes.length), bytes);
  }
  parts.push(rdbLength(length), ...idFields(last), ...idFields(first), ...idFields(maxDeleted));
  parts.push(counterField(added), rdbLength(groups.size));
  for (const [, group] of byName(groups)) parts.push(...groupParts(group));
  return parts;
}

// ---- reading

function runsIn(reader: RdbReader): StreamNode[] {
  const runs: StreamNode[] = [];
  let end = -1n;
  for (let left = reader.length(); left > 0; left--) {
    const key = reader.string();
    if (key.length !== 16 || idIn(key) <= end) bad();
    const run = readRun(idIn(key), reader.string());
    if (run === null) continue;
    runs.push(run);
    ({ end } = run);
  }
  return runs;
}

function readGroup(reader: RdbReader, stream: Stream, version: 1 | 2): void {
  const own = readName(reader);
  if (stream.groups.has(own)) bad();
  const last = readId(reader);
  const read = version === 1 ? stream.countUpTo(last) : readCounter(reader);
  const group = stream.addGroup(own, last, read);
  const unowned = new Consumer('', 0);
  stream.change(group, () => {
    for (let left = reader.length(); left > 0; left--) {
      const id = idIn(reader.take(16));
      const pending: Pending = { consumer: unowned, time: reader.time(), count: readCounter(reader) };
      if (group.pending.get(id) !== undefined) bad();
      group.pending.set(id, pending);
    }
    let missing = group.pending.size;
    for (let left = reader.length(); left > 0; left--) {
      const each = readName(reader);
      if (group.consumers.has(each)) bad();
      const consumer = group.consumer(each, reader.time());
      for (let more = reader.length(); more > 0; more--, missing--) {
        const id = idIn(reader.take(16));
        const pending = group.pending.get(id);
        if (pending === undefined || pending.consumer !== unowned) bad();
        pending.consumer = consumer;
        consumer.pending.set(id, pending);
      }
    }
    if (missing !== 0) bad();
  });
}

/**
 * Reads what writeStream() wrote, or a Redis did; nothing of the reader's bytes is kept.
 * @param version 2: as Redis 7.0 writes it; 1: as those before it
 * @throws BadPayload
 */
export function readStream(reader: RdbReader, version: 1 | 2): Stream {
  const stream = Stream.of(runsIn(reader));
  if (reader.unsigned() !== BigInt(stream.length)) bad();
  stream.last = readId(reader);
  if (stream.last < stream.top) bad();
  if (version === 2) {
    // The first ID is known from the entries.
    readId(reader);
    stream.maxDeleted = readId(reader);
    stream.added = readCounter(reader);
  } else stream.added = BigInt(stream.length);
  for (let left = reader.length(); left > 0; left--) readGroup(reader, stream, version);
  return stream;
}

/** Whether bytes from another process are a stream, and nothing behind it. */
export function acceptsStream(bytes: Buffer): boolean {
  try {
    const reader = new RdbReader(bytes, bytes.length);
    readStream(reader, 2);
    return reader.left === 0;
  } catch (error) {
    if (error instanceof BadPayload) return false;
    throw error;
  }
}
