// The parts of publish and subscribe by themselves: the registry and its bounds, what is known of other routers, where
// a PUBLISH stands among one client's commands, and what happens to a router that does not keep up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatch } from '../../src/command/index.js';
import { ClientState } from '../../src/router/local/index.js';
import { Interest } from '../../src/router/pubsub/interest.js';
import { namesKeyEvents } from '../../src/router/pubsub/key-names.js';
import { PeerLink } from '../../src/router/pubsub/peer-link.js';
import { Publishing } from '../../src/router/pubsub/publishing.js';
import { RemoteNames } from '../../src/router/pubsub/remote-names.js';
import { SharedEvents } from '../../src/router/pubsub/shared-events.js';
import { Subscriptions } from '../../src/router/pubsub/subscriptions.js';
import { FakeHost } from '../net/fake-host.js';
import { commands, request } from './make.js';
import { frame } from './pubsub-world.js';

let ids = 0;
function client() {
  const state = new ClientState(++ids, '127.0.0.1:1', '127.0.0.1:2', -1, 0);
  const heard: string[] = [];
  state.push = (message) => void heard.push(message.toString('latin1'));
  return { state, heard };
}
const bytes = (text: string) => Buffer.from(text, 'latin1');

test('subscriptions: first and last are told, twice is once, counts are kept', () => {
  const all = new Subscriptions();
  const [a, b] = [client().state, client().state];
  assert.equal(all.add(a, 'channel', 'x'), true);
  assert.equal(all.add(a, 'channel', 'x'), false);
  assert.equal(all.add(b, 'channel', 'x'), false);
  assert.equal(all.add(b, 'shard', 'x'), true);
  assert.deepEqual([a.sub, b.sub, b.ssub, a.type], [1, 1, 1, 'pubsub']);
  assert.equal(all.remove(a, 'channel', 'x'), false);
  assert.equal(all.remove(a, 'channel', 'x'), false);
  assert.equal(all.remove(b, 'pattern', 'x'), false);
  assert.equal(all.remove(b, 'channel', 'x'), true);
  assert.deepEqual([a.type, b.type, all.size('channel'), all.size('shard')], ['normal', 'pubsub', 0, 1]);
});

test('a message is delivered to every subscriber, channel first, in each one’s protocol', () => {
  const all = new Subscriptions();
  const [a, b] = [client(), client()];
  b.state.proto = 3;
  for (const { state } of [a, b]) all.add(state, 'channel', 'x\xff');
  all.add(a.state, 'pattern', 'x*');
  all.add(a.state, 'pattern', 'y*');
  all.add(a.state, 'shard', 'x\xff');
  assert.equal(all.deliver('channel', bytes('x\xff'), bytes('m\r\n')), 3);
  const plain = frame('message', 'x\xff', 'm\r\n');
  assert.deepEqual(a.heard, [plain, frame('pmessage', 'x*', 'x\xff', 'm\r\n')]);
  assert.deepEqual(b.heard, [plain.replace('*', '>')]);
  assert.equal(all.deliver('shard', bytes('x\xff'), bytes('s')), 1);
  assert.equal(a.heard.at(-1), frame('smessage', 'x\xff', 's'));
});

test('bounds: of one client, of all, and of bytes', () => {
  const all = new Subscriptions({ client: 2, all: 3, bytes: 1000 });
  const [a, b] = [client().state, client().state];
  assert.match(all.refusal(a, ['1', '2', '3'])!, /a client may have 2/);
  assert.equal(all.refusal(a, ['1', '2']), null);
  for (const name of ['1', '2']) all.add(a, 'channel', name);
  assert.match(all.refusal(a, ['3'])!, /a client may have 2/);
  assert.match(all.refusal(b, ['3', '4'])!, /this router has 2/);
  assert.match(all.refusal(b, ['x'.repeat(900)])!, /too many names/);
  all.remove(a, 'channel', '1');
  assert.equal(all.refusal(b, ['3', '4']), null);
});

test('what other routers want is what a look at each of them would give', () => {
  const kind = fc.constantFrom('channel' as const, 'pattern' as const, 'shard' as const);
  const name = fc.constantFrom('a', 'b', 'ab', 'a*', '?', '*b', '[ab]');
  const step = fc.record({
    peer: fc.constantFrom('p', 'q', 'r'),
    kind,
    name,
    add: fc.boolean(),
    forget: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const names = new RemoteNames<string>();
      const model = new Set<string>();
      for (const { peer, kind, name, add, forget } of steps) {
        const entry = JSON.stringify([peer, kind, name]);
        if (forget === 0) {
          names.forget(peer);
          for (const each of [...model]) if (each.startsWith(`["${peer}"`)) model.delete(each);
        } else if (add) {
          names.add(peer, kind, name);
          model.add(entry);
        } else {
          names.remove(peer, kind, name);
          model.delete(entry);
        }
      }
      const entries = [...model].map((each) => JSON.parse(each) as [string, string, string]);
      for (const to of ['channel', 'shard'] as const) {
        for (const channel of ['a', 'b', 'ab', 'c', 'a*']) {
          const wanted = entries.filter(
            ([, k, n]) =>
              (k === to && n === channel) || (to === 'channel' && k === 'pattern' && globMatch(n, channel)),
          );
          const peers = [...new Set(wanted.map(([peer]) => peer))].sort();
          assert.deepEqual([...(names.wanting(to, channel) ?? [])].sort(), peers);
          for (const peer of ['p', 'q', 'r'])
            assert.equal(names.wants(peer, to, channel), peers.includes(peer));
        }
      }
    }),
  );
});

test('interest: told once, kept while somebody waits, told whole to who is new', () => {
  const told: string[] = [];
  const interest = new Interest((message) => void told.push(...commands(message)));
  assert.equal(interest.hold('channel', ['x', 'y', 'x']), 1);
  assert.equal(interest.hold('channel', ['x']), 1, 'known already: the version of then');
  assert.equal(interest.hold('pattern', ['x']), 2);
  assert.deepEqual(told.splice(0), ['add 1 channel x channel y', 'add 2 pattern x']);
  interest.drop('channel', 'x');
  assert.deepEqual(told, [], 'three still wait for it');
  for (let i = 0; i < 2; i++) interest.settle('channel', 'x', true);
  interest.settle('channel', 'x', false);
  assert.deepEqual(told.splice(0), ['del channel x']);
  const whole = interest.whole().flatMap(commands);
  assert.deepEqual(whole, ['add 2 channel y', 'add 2 pattern x', 'add 2', 'known']);
});

test('many names go in several messages, of which only the last is the new version', () => {
  const told: string[] = [];
  const interest = new Interest((message) => void told.push(...commands(message)));
  const names = Array.from({ length: 1201 }, (_, i) => `n${i}`);
  assert.equal(interest.hold('channel', names), 1);
  assert.deepEqual(
    told.map((message) => message.split(' ')[1]),
    ['0', '0', '1'],
  );
  assert.equal(
    told.flatMap((message) => message.split(' ').slice(2)).filter((word) => word !== 'channel').length,
    1201,
  );
});

test('PUBLISH waits for commands before it, not for PUBLISHes, and holds up nothing', () => {
  const begun: string[] = [];
  const answered: string[] = [];
  const pending: (() => void)[] = [];
  const waiting = new Map<number, () => void>();
  const order = { head: 0 };
  const publishing = new Publishing(
    {
      publish: (_kind: string, channel: Buffer, _message: Buffer, done: (n: number) => void) => {
        begun.push(channel.toString());
        pending.push(() => done(1));
      },
    } as never,
    {
      order,
      afterEarlier: (seq, begin) => void waiting.set(seq, begin),
      answer: (seq, reply) => void answered.push(`${seq}${reply}`),
    },
  );
  const say = (seq: number, channel: string) =>
    publishing.publish(seq, 'channel', request(`PUBLISH ${channel} m`));
  say(0, 'a');
  say(1, 'b');
  assert.deepEqual(begun, ['a', 'b']);
  // 2 is another command, without an answer yet.
  order.head = 2;
  say(3, 'c');
  assert.deepEqual(begun, ['a', 'b'], 'what it announces has not happened yet');
  order.head = 3;
  waiting.get(3)!();
  say(4, 'd');
  assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
  for (const done of pending.reverse()) done();
  assert.deepEqual(answered, ['4:1\r\n', '3:1\r\n', '1:1\r\n', '0:1\r\n']);
});

function openLink() {
  const host = new FakeHost();
  const names = new RemoteNames<PeerLink>();
  const owner = { hello: () => bytes('hello\r\n'), names, events: () => {}, turned: () => {} };
  const link = new PeerLink(host, owner, 'r2', { host: '127.0.0.1', port: 2 });
  host.last.open();
  return { host, names, link };
}
const KNOWN = '*4\r\n$3\r\nadd\r\n$1\r\n1\r\n$7\r\nchannel\r\n$1\r\nx\r\n*1\r\n$5\r\nknown\r\n';

test('a router that does not take what it is sent is given up at a bound, and the losses are counted', () => {
  const { host, link } = openLink();
  host.last.deliver(KNOWN);
  assert.equal(link.state, 'up');
  const replies: (string | null)[] = [];
  const message = Buffer.alloc(1024 * 1024);
  for (let i = 0; i < 64; i++)
    link.ask(message, { kind: 'channel', name: 'x' }, (reply) => replies.push(reply?.text(1) ?? null));
  host.turn();
  assert.equal(link.state, 'opening', 'the connection begins anew');
  assert.equal(link.lost, 63);
  assert.deepEqual(replies, new Array(63).fill(null));
  assert.ok(link.bytes <= 64 * 1024 * 1024);
  link.stop();
  assert.equal(link.lost, 64);
});

test('one message larger than the bound goes, if nothing else is under way', () => {
  const { host, link } = openLink();
  host.last.deliver(KNOWN);
  let got = '';
  link.ask(Buffer.alloc(65 * 1024 * 1024), { kind: 'channel', name: 'x' }, (reply) => {
    got = reply!.text(1);
  });
  host.turn();
  host.last.deliver('*2\r\n$1\r\nr\r\n$1\r\n4\r\n');
  assert.deepEqual([got, link.bytes, link.lost], ['4', 0, 0]);
  link.stop();
});

test('answers to nothing and words that mean nothing end the connection', () => {
  for (const nonsense of [
    '*2\r\n$1\r\nr\r\n$1\r\n4\r\n',
    '*1\r\n$3\r\nfoo\r\n',
    '-ERR this is r9\r\n',
    '*1\r\n$-5\r\n',
  ]) {
    const { host, link, names } = openLink();
    const first = host.last;
    first.deliver(KNOWN.slice(0, KNOWN.indexOf('*1')) + nonsense);
    assert.equal(first.closing, true, nonsense);
    host.advance(100);
    host.last.open();
    assert.equal(names.wants(link, 'channel', 'x'), false, 'what it told is void');
    link.stop();
  }
});

test('what it has subscribers for is acknowledged once for all that arrived together', () => {
  const { host, link } = openLink();
  host.last.take();
  host.last.deliver(KNOWN + KNOWN.replace('$1\r\n1', '$1\r\n7'));
  assert.deepEqual(host.last.commands(), ['TOWLINE.PEER ACK 7']);
  link.stop();
});

test('a pattern that matches the channel of an event may name it; most others do not', () => {
  const part = fc.constantFrom(
    '_',
    '__',
    'k',
    'key',
    'event',
    '@0__:',
    'set',
    '*',
    '?',
    '[_k]',
    '\\\\_',
    'x',
  );
  const channels = ['__keyevent@0__:set', '__keyspace@0__:x', '__keyspace@15__:\xff'];
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const pattern = parts.join('').replaceAll('\\\\', '\\');
      if (channels.some((channel) => globMatch(pattern, channel)))
        assert.ok(namesKeyEvents('pattern', pattern));
    }),
    { seed: 7, numRuns: 5000 },
  );
  for (const name of ['news', '__other*', 'k*', '__ke']) assert.ok(!namesKeyEvents('pattern', name), name);
  assert.ok(namesKeyEvents('channel', channels[0]!));
  assert.ok(!namesKeyEvents('channel', '*'));
  assert.ok(!namesKeyEvents('shard', channels[0]!));
});

test('what is subscribed to for keyspace events is counted, here and elsewhere', () => {
  const interest = new Interest(() => {});
  const names = new RemoteNames<string>();
  let turns = 0;
  for (const { keyNames } of [interest, names]) keyNames.changed = () => turns++;
  interest.hold('pattern', ['__key*', 'x']);
  interest.hold('channel', ['__keyspace@0__:a']);
  interest.settle('pattern', '__key*', true);
  interest.drop('pattern', '__key*');
  assert.deepEqual([interest.keyNames.count, turns], [1, 1]);
  interest.settle('channel', '__keyspace@0__:a', false);
  assert.deepEqual([interest.keyNames.count, turns], [0, 2]);
  names.add('r1', 'pattern', '*');
  names.add('r2', 'pattern', '*');
  names.forget('r1');
  assert.deepEqual([names.keyNames.count, turns], [1, 3]);
  names.forget('r2');
  assert.deepEqual([names.keyNames.count, turns], [0, 4]);
});

test('of two settings of which events are told the newer one stands, whatever order they come in', () => {
  const all = ['r1', 'r2', 'r3'].map(() => new SharedEvents());
  const [one, two, three] = all as [SharedEvents, SharedEvents, SharedEvents];
  assert.equal(three.message(), null);
  one.set(3, 1000, 'r1');
  two.set(5, 1000, 'r2');
  // A clock that goes back does not make it older than what is known.
  two.set(6, 500, 'r2');
  assert.equal(three.heard(6, 1001, 'r2'), true);
  assert.equal(three.heard(3, 1000, 'r1'), false);
  assert.equal(one.heard(6, 1001, 'r2'), true);
  assert.equal(two.heard(3, 1000, 'r1'), false);
  assert.equal(two.heard(6, 1001, 'r2'), false);
  assert.equal(two.heard(Number.NaN, 9000, 'r9'), false);
  assert.deepEqual(
    all.map(({ flags }) => flags),
    [6, 6, 6],
  );
});
