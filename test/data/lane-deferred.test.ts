// A read that must wait for the commit index leaves a gap among the replies that leave at once. Found by
// `towline workload` (reads 0.7, 8 clients): the reply behind the gap was given to the command in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../src/data/lane.js';
import type { Conn } from '../../src/net/host.js';
import { ReplySplitter, RequestParser } from '../../src/resp/index.js';

function fakeConn(written: Buffer[]): Conn {
  return {
    remote: 'router',
    local: 'node',
    queued: 0,
    write: (bytes) => {
      written.push(Buffer.from(bytes));
    },
    pause() {},
    resume() {},
    end() {},
    destroy() {},
  };
}

/** What a router makes of the bytes: counter -> reply. */
function received(written: Buffer[], first: number): Record<number, string> {
  const splitter = new ReplySplitter();
  const replies: Record<number, string> = {};
  let expected = first;
  splitter.feed(Buffer.concat(written));
  while (splitter.next()) {
    const text = splitter.buffer.toString('latin1', splitter.start, splitter.end);
    const jump = /^>2\r\n\$10\r\nTOWLINE.AT\r\n:(\d+)\r\n$/.exec(text);
    if (jump !== null) expected = Number(jump[1]);
    else replies[expected++] = text;
  }
  return replies;
}

test('a deferred read in the middle, at the start and at the end of a turn does not shift its neighbours', () => {
  for (const deferred of [[5], [4], [6], [4, 5], [5, 6], [4, 6], [4, 5, 6]]) {
    const written: Buffer[] = [];
    const lane = new Lane('r', fakeConn(written), new RequestParser());
    for (const counter of [4, 5, 6]) {
      const mark = lane.now.begin(counter);
      const from = lane.now.writer.length;
      lane.now.writer.bulk(`value of ${counter}`);
      if (deferred.includes(counter)) lane.place(false, true, { counter, mark, from, need: 9 });
    }
    lane.flush(8);
    const early = received(written, 4);
    lane.now.begin(7);
    lane.now.writer.bulk('value of 7');
    lane.flush(9);
    const all = received(written, 4);
    for (const counter of [4, 5, 6, 7]) {
      assert.equal(all[counter], `$10\r\nvalue of ${counter}\r\n`, `deferred ${deferred}`);
    }
    for (const counter of [4, 5, 6]) assert.equal(counter in early, !deferred.includes(counter));
  }
});
