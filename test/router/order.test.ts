// Replies leave in the order of the commands, whatever order they come in; muted ones are missing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReplyOrder } from '../../src/router/order.js';

const put = (order: ReplyOrder, seq: number, text: string) => {
  const bytes = Buffer.from(`..${text}..`);
  order.put(seq, bytes, 2, 2 + text.length);
};
const drain = (order: ReplyOrder) => order.drain()?.toString() ?? null;

describe('ReplyOrder', () => {
  it('holds a reply until those before it are there', () => {
    const order = new ReplyOrder();
    const [a, b, c] = [order.take(), order.take(), order.take()];
    put(order, c, 'c');
    assert.equal(drain(order), null);
    put(order, a, 'a');
    assert.equal(order.length, 1);
    assert.equal(drain(order), 'a');
    assert.equal(order.waiting, 2);
    put(order, b, 'b');
    assert.equal(drain(order), 'bc');
    assert.equal(order.waiting, 0);
    assert.equal(drain(order), null);
  });
  it('leaves out what is muted, in its turn', () => {
    const order = new ReplyOrder();
    const [a, b, c, d] = [order.take(), order.take(), order.take(), order.take()];
    order.mute(b);
    order.mute(d);
    put(order, d, 'd');
    put(order, c, 'c');
    put(order, a, 'a');
    assert.equal(drain(order), 'a');
    put(order, b, 'b');
    assert.equal(drain(order), 'c');
    assert.equal(order.waiting, 0);
  });
  it('drops the second of two replies to one command', () => {
    const order = new ReplyOrder();
    const [a, b, c] = [order.take(), order.take(), order.take()];
    order.mute(c);
    put(order, b, 'first');
    put(order, b, 'second');
    put(order, c, 'muted');
    put(order, c, 'muted');
    put(order, a, 'a');
    put(order, a, 'again');
    assert.equal(drain(order), 'afirst');
    assert.equal(order.waiting, 0);
  });
  it('joins what lies one behind the other in one buffer without a copy', () => {
    const order = new ReplyOrder();
    const chunk = Buffer.from('+1\r\n+2\r\n+3\r\n');
    for (let i = 0; i < 3; i++) order.put(order.take(), chunk, i * 4, i * 4 + 4);
    const out = order.drain()!;
    assert.equal(out.toString(), '+1\r\n+2\r\n+3\r\n');
    assert.equal(out.buffer, chunk.buffer);
  });
  it('behaves as a list, for any order of replies', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), muted: fc.boolean() }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('put' as const), which: fc.nat(), size: fc.nat(5) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const order = new ReplyOrder();
        const model: { muted: boolean; reply: string | null }[] = [];
        let written = '';
        for (const each of steps) {
          if (each.do === 'take') {
            assert.equal(order.take(), model.length);
            if (each.muted) order.mute(model.length);
            model.push({ muted: each.muted, reply: null });
          } else if (each.do === 'put') {
            const open = [...model.keys()].filter((seq) => model[seq]!.reply === null);
            const seq = open[each.which % open.length];
            if (seq === undefined) continue;
            const text = `${seq}`.repeat(each.size);
            model[seq]!.reply = text;
            put(order, seq, text);
          } else written += drain(order) ?? '';
          const head = model.findIndex(({ reply }) => reply === null);
          assert.equal(order.head, head < 0 ? model.length : head);
          assert.equal(order.waiting, model.length - order.head);
        }
        written += drain(order) ?? '';
        const wanted = model.slice(0, order.head).map(({ muted, reply }) => (muted ? '' : reply!));
        assert.equal(written, wanted.join(''));
      }),
      { numRuns: 500 },
    );
  });
});
