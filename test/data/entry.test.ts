// The entry that a turn writes: whose effects, in which database, and what was answered.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INDEX_SIZE, Remembered } from '../../src/commit/index.js';
import { batchFrame, OpenEntry, txnFrame } from '../../src/data/entry.js';
import { encodeCommand, RequestParser } from '../../src/resp/index.js';

function words(bytes: Buffer): string[] {
  const parser = new RequestParser();
  parser.feed(bytes);
  const found: string[] = [];
  while (parser.next()) found.push(parser.request.texts().join(' '));
  assert.equal(parser.pending, 0);
  return found;
}

/** A command on `db` with these effects. @returns whether it had any. */
function run(entry: OpenEntry, db: number, ...effects: string[]): boolean {
  entry.begin(db);
  for (const effect of effects) entry.effects.command(effect.split(' '));
  return entry.end(db);
}

describe('OpenEntry', () => {
  it('names a database only where it changes, and begins in database 0', () => {
    const entry = new OpenEntry();
    run(entry, 0, 'SET a 1');
    run(entry, 0, 'SET b 1', 'DEL c');
    run(entry, 3, 'SET a 2');
    run(entry, 3, 'SET b 2');
    run(entry, 0, 'SET a 3');
    const wanted = [
      'SET a 1',
      'SET b 1',
      'DEL c',
      'TOWLINE.DB 3',
      'SET a 2',
      'SET b 2',
      'TOWLINE.DB 0',
      'SET a 3',
    ];
    assert.deepEqual(words(Buffer.concat(entry.take().effects)), wanted);
    run(entry, 3, 'SET a 4');
    assert.deepEqual(words(Buffer.concat(entry.take().effects)), ['TOWLINE.DB 3', 'SET a 4']);
  });
  it('is left as it was by a command without effects', () => {
    const entry = new OpenEntry();
    assert.equal(run(entry, 5), false);
    assert.ok(entry.empty);
    assert.equal(run(entry, 0, 'SET a 1'), true);
    assert.equal(run(entry, 5), false);
    assert.equal(run(entry, 0, 'SET b 1'), true);
    assert.deepEqual(words(Buffer.concat(entry.take().effects)), ['SET a 1', 'SET b 1']);
  });
  it('remembers answers so that they are recalled, counters above 32 bits too', () => {
    const entry = new OpenEntry();
    entry.router = 'r1';
    const answers: [number, string][] = [
      [1, '+OK\r\n'],
      [7, ''],
      [2 ** 32 + 5, ':1\r\n'],
      [2 ** 40, '$3\r\nabc\r\n'],
    ];
    for (const [counter, text] of answers) {
      run(entry, 0, `SET k ${counter}`);
      entry.answered(counter, Buffer.from(`xx${text}yy`), 2, 2 + text.length);
    }
    const { router, index, replies } = entry.take();
    assert.equal(router, 'r1');
    assert.equal(index.length, answers.length * INDEX_SIZE);
    const remembered = new Remembered();
    remembered.add(router, { seq: 9, index, replies });
    for (const [counter, text] of answers) {
      assert.deepEqual(remembered.recall('r1', counter), {
        kind: 'answered',
        seq: 9,
        reply: Buffer.from(text),
      });
    }
    assert.equal(entry.router, '');
  });
  it('does not copy a long command, and is framed around it', () => {
    const entry = new OpenEntry();
    entry.router = 'r1';
    const long = encodeCommand(['SET', 'long', Buffer.alloc(2 ** 21, 'v')]);
    run(entry, 3, 'SET a 1');
    entry.begin(3);
    entry.effects.lasting(long, 0, long.length);
    assert.ok(entry.end(3));
    assert.equal(run(entry, 5), false);
    run(entry, 3, 'SET b 1');
    const parts = entry.take();
    assert.equal(parts.effects[1]!.buffer, long.buffer);
    const commands = words(Buffer.concat(parts.effects));
    assert.deepEqual(
      commands.map((each) => each.slice(0, 12)),
      ['TOWLINE.DB 3', 'SET a 1', 'SET long vvv', 'SET b 1'],
    );
    const frame = batchFrame({ term: 3, seq: 12, commit: 11, clock: 5 }, parts);
    assert.ok(frame.includes(parts.effects[1]!));
    assert.deepEqual(words(Buffer.concat(frame)), [
      `TOWLINE.ENTRY 3 12 11 5 batch r1 ${Buffer.concat(parts.effects).toString('latin1')} ${parts.index.toString('latin1')} ${parts.replies.toString('latin1')}`,
    ]);
    assert.ok(entry.empty);
    assert.throws(() => {
      entry.effects.lasting(long, 0, long.length);
      entry.effects.back(0);
    }, /gone for good/);
  });
  it('is framed with its place in the log', () => {
    const head = { term: 3, seq: 12, commit: 11, clock: 1_700_000_000_000 };
    const effects = encodeCommand(['SET', 'a', '1']);
    const parts = {
      router: 'r1',
      effects: [effects],
      index: Buffer.from('ii'),
      replies: Buffer.from('+OK\r\n'),
    };
    assert.deepEqual(words(Buffer.concat(batchFrame(head, parts))), [
      `TOWLINE.ENTRY 3 12 11 1700000000000 batch r1 ${effects.toString()} ii +OK\r\n`,
    ]);
    assert.deepEqual(words(txnFrame(head, Buffer.from('xyz'))), [
      'TOWLINE.ENTRY 3 12 11 1700000000000 txn xyz',
    ]);
  });
});
