// A stream on its way in parts: its runs, then what is known of it, then each consumer group with what its consumers have
// not acknowledged, so many IDs a part. What comes from another process is checked as it comes; whole() costs nothing.
import { Buffer } from 'node:buffer';
import type { StringValue } from './entry.js';
import type { Gathering } from './piecewise.js';
import { BadPayload, bad, RdbReader } from './rdb-reader.js';
import { rdbLength, rdbString, rdbTime } from './rdb-writer.js';
import { counterField, idFields, readCounter, readId, readName } from './stream-fields.js';
import { byName, Consumer, type ConsumerGroup, type Pending } from './stream-groups.js';
import { idBytes, idIn } from './stream-id.js';
import { readRun } from './stream-listpack.js';
import type { StreamNode } from './stream-node.js';
import { Stream } from './stream-value.js';
import { viewOf } from './value.js';

/** Bytes of an ID. */
const ID = 16;
/** IDs in one part. */
const MANY = 64;

/** The parts of a stream that does not change meanwhile. */
export function* streamParts(stream: Stream): Generator<StringValue> {
  const { runs, last, maxDeleted, added, groups } = stream;
  for (const run of runs) yield Buffer.concat([idBytes(run.master), run.listpack()]);
  // No run is empty: here they end.
  yield '';
  yield Buffer.concat([
    ...idFields(last),
    ...idFields(maxDeleted),
    counterField(added),
    rdbLength(groups.size),
  ]);
  for (const [, group] of byName(groups)) yield* groupParts(group);
}

function* groupParts({ name, last, read, pending, consumers }: ConsumerGroup): Generator<StringValue> {
  const sizes = [rdbLength(pending.size), rdbLength(consumers.size)];
  yield Buffer.concat([...rdbString(name), ...idFields(last), counterField(read), ...sizes]);
  yield* several(pending.from(0n), ([id, { time, count }]) => [
    idBytes(id),
    rdbTime(time),
    counterField(count),
  ]);
  for (const [each, { seen, pending: own }] of byName(consumers)) {
    yield Buffer.concat([...rdbString(each), rdbTime(seen), rdbLength(own.size)]);
    yield* several(own.from(0n), ([id]) => [idBytes(id)]);
  }
}

function* several<T>(all: Iterable<T>, bytesOf: (each: T) => Buffer[]): Generator<StringValue> {
  let bytes: Buffer[] = [];
  let count = 0;
  for (const each of all) {
    bytes.push(...bytesOf(each));
    if (++count % MANY > 0) continue;
    yield Buffer.concat(bytes);
    bytes = [];
  }
  if (bytes.length > 0) yield Buffer.concat(bytes);
}

/** What takes the parts: whatever was read so far waits for the next one in a generator. */
export function gatherStream(): Gathering<Stream> {
  const reading = readParts();
  let result = reading.next();
  let broken = false;
  return {
    take: (part) => {
      if (broken || result.done) return false;
      try {
        result = reading.next(part);
      } catch (error) {
        if (!(error instanceof BadPayload)) throw error;
        broken = true;
      }
      return !broken;
    },
    whole: () => (result.done && !broken ? result.value : null),
  };
}

type Reading<T> = Generator<void, T, StringValue>;

function* nextPart(): Reading<RdbReader> {
  const bytes = viewOf(yield);
  return new RdbReader(bytes, bytes.length);
}

/** Reads `count` things, however they lie in parts. */
function* eachOf(count: number, read: (reader: RdbReader) => void): Reading<void> {
  for (let left = count; left > 0; ) {
    const reader = yield* nextPart();
    if (reader.left === 0) bad();
    for (; reader.left > 0; left--) {
      if (left === 0) bad();
      read(reader);
    }
  }
}

function* readRuns(): Reading<StreamNode[]> {
  const runs: StreamNode[] = [];
  let end = -1n;
  for (;;) {
    const bytes = viewOf(yield);
    if (bytes.length === 0) return runs;
    if (bytes.length <= ID || idIn(bytes.subarray(0, ID)) <= end) bad();
    const run = readRun(idIn(bytes.subarray(0, ID)), bytes.subarray(ID)) ?? bad();
    runs.push(run);
    ({ end } = run);
  }
}

function* readParts(): Reading<Stream> {
  const stream = Stream.of(yield* readRuns());
  const head = yield* nextPart();
  stream.last = readId(head);
  if (stream.last < stream.top) bad();
  stream.maxDeleted = readId(head);
  stream.added = readCounter(head);
  const groups = head.length();
  if (head.left > 0) bad();
  for (let i = 0; i < groups; i++) yield* readGroup(stream);
  return stream;
}

function* readGroup(stream: Stream): Reading<void> {
  const head = yield* nextPart();
  const name = readName(head);
  if (stream.groups.has(name)) bad();
  const group = stream.addGroup(name, readId(head), readCounter(head));
  const [pendings, consumers] = [head.length(), head.length()];
  if (head.left > 0) bad();
  const unowned = new Consumer('', 0);
  yield* eachOf(pendings, (reader) => {
    const id = idIn(reader.take(ID));
    const pending: Pending = { consumer: unowned, time: reader.time(), count: readCounter(reader) };
    if (group.pending.get(id) !== undefined) bad();
    stream.change(group, () => group.pending.set(id, pending));
  });
  let missing = pendings;
  for (let i = 0; i < consumers; i++) {
    const own = yield* nextPart();
    const each = readName(own);
    if (group.consumers.has(each)) bad();
    const consumer = stream.change(group, () => group.consumer(each, own.time()));
    const count = own.length();
    missing -= count;
    if (own.left > 0 || missing < 0) bad();
    yield* eachOf(count, (reader) => {
      const id = idIn(reader.take(ID));
      const pending = group.pending.get(id);
      if (pending === undefined || pending.consumer !== unowned) return bad();
      pending.consumer = consumer;
      consumer.pending.set(id, pending);
    });
  }
  if (missing !== 0) bad();
}
