// The data lane at the primary: which replies leave when, and under which counter the router will count them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Lane } from '../../src/data/lane.js';
import { ReplySplitter, RequestParser } from '../../src/resp/index.js';
import { FakeHost } from '../net/fake-host.js';

/** Replies as the router numbers them: one after the other, but for TOWLINE.AT. */
class Numbered {
  readonly splitter = new ReplySplitter();
  private expected = -1;
  readonly replies: [number, string][] = [];
  read(bytes: Buffer): [number, string][] {
    const { splitter } = this;
    const found: [number, string][] = [];
    if (bytes.length > 0) splitter.feed(bytes);
    while (splitter.next()) {
      const text = splitter.buffer.latin1Slice(splitter.start, splitter.end);
      const at = /^>2\r\n\$10\r\nTOWLINE.AT\r\n:(\d+)\r\n$/.exec(text);
      if (at !== null) this.expected = Number(at[1]);
      else if (text.startsWith('>')) found.push([this.expected++, text.split('\r\n')[2]!]);
      else found.push([this.expected++, text.slice(1, -2)]);
    }
    this.replies.push(...found);
    return found;
  }
}

function laneOf() {
  const conn = new FakeHost().accept();
  const lane = new Lane('r', conn, new RequestParser());
  const numbered = new Numbered();
  return {
    lane,
    conn,
    /** A read that saw entry `need`, as the primary answers it. */
    read(counter: number, need: number, committed: number, text = `r${counter}`) {
      const mark = lane.now.begin(counter);
      const from = lane.now.writer.length;
      lane.now.writer.simple(text);
      lane.place(false, need > committed, { counter, mark, from, need });
    },
    /** A write logged as entry `need`. */
    write(counter: number, need: number, text = `w${counter}`) {
      lane.later.begin(counter);
      lane.later.writer.simple(text);
      if (need > lane.later.need) lane.later.need = need;
    },
    flush(committed: number): [number, string][] {
      lane.flush(committed);
      return numbered.read(conn.take());
    },
  };
}

describe('Lane', () => {
  it('lets what saw nothing undecided leave at the end of the turn, in one write', () => {
    const { lane, conn, read } = laneOf();
    read(1, 0, 0);
    read(2, 0, 0);
    assert.equal(conn.writes, 0);
    lane.flush(0);
    assert.equal(conn.writes, 1);
    assert.equal(conn.take().toString(), '>2\r\n$10\r\nTOWLINE.AT\r\n:1\r\n+r1\r\n+r2\r\n');
    assert.ok(!lane.holds);
  });
  it('holds writes until their entry is committed (R8)', () => {
    const { lane, write, flush } = laneOf();
    write(1, 5);
    write(2, 6);
    assert.deepEqual(flush(4), []);
    assert.ok(lane.holds);
    assert.ok(lane.waiting > 0);
    // Of one turn: they leave together.
    assert.deepEqual(flush(5), []);
    assert.deepEqual(flush(6), [
      [1, 'w1'],
      [2, 'w2'],
    ]);
    assert.ok(!lane.holds);
    assert.equal(lane.waiting, 0);
  });
  it('lets reads pass writes, each under its own counter', () => {
    const { read, write, flush } = laneOf();
    write(1, 5);
    read(2, 0, 4);
    write(3, 6);
    read(4, 0, 4);
    assert.deepEqual(flush(4), [
      [2, 'r2'],
      [4, 'r4'],
    ]);
    read(5, 0, 4);
    // Behind those that have waited longer: it may follow one of them.
    assert.deepEqual(flush(6), [
      [1, 'w1'],
      [3, 'w3'],
      [5, 'r5'],
    ]);
  });
  it('keeps the numbers right around a read that must wait', () => {
    const { read, flush } = laneOf();
    read(1, 0, 4);
    read(2, 5, 4);
    read(3, 0, 4);
    assert.deepEqual(flush(4), [
      [1, 'r1'],
      [3, 'r3'],
    ]);
    assert.deepEqual(flush(5), [[2, 'r2']]);
  });
  it('keeps the numbers right when the read that must wait is the last one of the turn', () => {
    const { read, flush } = laneOf();
    read(1, 0, 4);
    read(2, 5, 4);
    assert.deepEqual(flush(4), [[1, 'r1']]);
    read(3, 0, 4);
    assert.deepEqual(flush(4), [[3, 'r3']]);
    assert.deepEqual(flush(5), [[2, 'r2']]);
  });
  it('tells of STALE under the right counter', () => {
    const { lane, read, flush } = laneOf();
    read(1, 0, 0);
    lane.push(5, ['TOWLINE.STALE', 5, 12]);
    read(6, 0, 0);
    assert.deepEqual(flush(0), [
      [1, 'r1'],
      [5, 'TOWLINE.STALE'],
      [6, 'r6'],
    ]);
  });
  it('answers every command once, under its own counter, and never before what it saw is committed', () => {
    const step = fc.record({
      kind: fc.constantFrom('read', 'write', 'see', 'flush'),
      skip: fc.nat(3),
      commit: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { read, write, flush } = laneOf();
        const needs = new Map<number, number>();
        const seen: [number, string][] = [];
        let counter = 0;
        let head = 0;
        let committed = 0;
        const check = (found: [number, string][]) => {
          for (const [at, text] of found) {
            assert.equal(text, `t${at}`);
            assert.ok(needs.get(at)! <= committed, `${at} left too early`);
          }
          seen.push(...found);
        };
        for (const { kind, skip, commit } of steps) {
          if (kind === 'flush') {
            committed = Math.min(head, committed + commit);
            check(flush(committed));
            continue;
          }
          counter += 1 + (skip === 3 ? 1 : 0);
          const need = kind === 'write' ? ++head : kind === 'see' ? head : 0;
          needs.set(counter, need);
          if (kind === 'write') write(counter, need, `t${counter}`);
          else read(counter, need, committed, `t${counter}`);
        }
        committed = head;
        check(flush(committed));
        assert.deepEqual(
          seen.map(([at]) => at).sort((a, b) => a - b),
          [...needs.keys()],
        );
      }),
      { numRuns: 500 },
    );
  });
});
