// Replies of one client about one key leave in order: whatever part of them its router hears before the connection is
// cut, what it sends again does not come after what it has heard of (R10). Found by seed 722161 of the simulator: a SET
// that changed nothing was sent again after the GET behind it had been answered, and found what somebody else had
// written meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findRequest } from '../../src/command/index.js';
import { Lane } from '../../src/data/lane.js';
import { encodeCommand, ReplySplitter, RequestParser } from '../../src/resp/index.js';
import { FakeHost } from '../net/fake-host.js';
import { serving } from './group.js';

/** Counters in the order in which their replies come. */
function counters(bytes: Buffer, expected: number): number[] {
  const splitter = new ReplySplitter();
  splitter.feed(bytes);
  const order: number[] = [];
  while (splitter.next()) {
    const text = splitter.buffer.toString('latin1', splitter.start, splitter.end);
    const jump = /^>2\r\n\$10\r\nTOWLINE.AT\r\n:(\d+)\r\n$/.exec(text);
    if (jump !== null) expected = Number(jump[1]);
    else order.push(expected++);
  }
  return order;
}

describe('replies of one client about one key', () => {
  it('leave in order when the first one is of a write that changes nothing', () => {
    const group = serving();
    const lane = group.lane('a');
    lane.send('TOWLINE.CLIENT', 7).send('SET', 'k', 'x', 'XX').send('GET', 'k').send('GETDEL', 'k');
    lane.send('TOWLINE.CLIENT', 8).send('SET', 'k', 'y').send('SET', 'k', 'z', 'NX').send('GET', 'k');
    assert.equal(lane.replies(), '>2 $10 TOWLINE.AT :1 $-1 $-1 $-1 +OK $-1 $1 y');
  });
  it('leave in order when the group cannot write', () => {
    const group = serving({ members: 2, minInSync: 2 });
    group.kill('b');
    group.until(() => group.inSync === 'a', 5000);
    const lane = group.lane('a');
    lane.send('TOWLINE.CLIENT', 7).send('SET', 'k', 'x').send('GET', 'k');
    assert.match(lane.replies(), /^>2 \$10 TOWLINE.AT :1 -NOREPLICAS [^$]* \$-1$/);
  });

  const KINDS = ['read', 'write', 'idle write'] as const;
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(fc.constantFrom(...KINDS), fc.nat(2), fc.constantFrom('a', 'b'), fc.nat(3)),
    },
    { weight: 2, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.constant('commit' as const) },
  );
  it('leave in order, whatever is committed when', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const conn = new FakeHost().accept();
        const lane = new Lane('r', conn, new RequestParser());
        const done: { client: number; key: string; lasting: boolean }[] = [];
        const last: Record<string, number> = { a: 0, b: 0 };
        let head = 0;
        let committed = 0;
        for (const each of steps) {
          if (each === 'flush') lane.flush(committed);
          else if (each === 'commit') committed = Math.min(head, committed + 1);
          else {
            const [kind, client, key, other] = each;
            const counter = done.length + 1;
            const write = kind !== 'read';
            const lasting = kind === 'write';
            const parser = new RequestParser();
            parser.feed(encodeCommand(write ? ['SET', key, 'v'] : ['GET', key]));
            assert.ok(parser.next());
            const { request } = parser;
            const row = findRequest(request)!;
            const replies = write ? lane.later : lane.now;
            const mark = replies.begin(counter);
            const from = replies.writer.length;
            replies.writer.simple('OK');
            if (lasting) last[key] = ++head;
            // It may have looked at more than its key: an expiry of the group's own, what is in the same entry.
            const need = Math.max(last[key]!, Math.min(head, other === 0 ? head : 0));
            let waits = lasting || need > committed;
            if (!lasting)
              waits = lane.unlogged.add(counter, client, row, request, 0, replies.writer, from, waits);
            lane.place(write, waits, { counter, mark, from, need });
            done.push({ client, key, lasting });
          }
        }
        lane.flush(head);
        const order = counters(conn.take(), 1);
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          done.map((_, i) => i + 1),
        );
        const place = new Map(order.map((counter, at) => [counter - 1, at]));
        done.forEach((first, i) => {
          // What is in the log is not executed again; an untagged client has heard of all it asked before.
          if (first.lasting || first.client === 0) return;
          done.forEach((second, j) => {
            if (j <= i || second.client !== first.client || second.key !== first.key || second.lasting)
              return;
            assert.ok(place.get(i)! < place.get(j)!, `${i} behind ${j}`);
          });
        });
      }),
      { numRuns: 2000 },
    );
  });
});
