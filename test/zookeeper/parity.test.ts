// The embedded server against Debian's ZooKeeper: one script of raw messages, every answer compared.
// Zxids are compared relative to the first, times only for being set, children as sets.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Op } from '../../src/zookeeper/embedded/codes.js';
import type { JuteReader, JuteWriter } from '../../src/zookeeper/embedded/jute.js';
import { type Embedded, startEmbedded } from '../../src/zookeeper/index.js';
import { needs, ZOOKEEPER } from '../needs.js';
import { OPEN_ACL, RawClient, type RawReply, readStat } from './raw-client.js';
import { type RealZooKeeper, startRealZooKeeper } from './real-server.js';

type Acl = typeof OPEN_ACL;
type MultiStep =
  | ['create', string, string, number]
  | ['create2', string, string, number]
  | ['delete' | 'check', string, number]
  | ['set', string, string, number];

/** Two clients of one server and everything they were told. */
class Script {
  readonly trace: unknown[] = [];
  readonly owners = new Map<bigint, string>();
  base = 0n;

  constructor(
    readonly a: RawClient,
    readonly b: RawClient,
  ) {
    this.owners.set(a.session.id, 'a');
    this.owners.set(b.session.id, 'b');
  }

  async run(label: string, reply: Promise<RawReply>, body: (input: JuteReader) => unknown = () => null) {
    const { zxid, err, body: input, eventsBefore } = await reply;
    if (this.base === 0n) this.base = zxid;
    const entry: Record<string, unknown> = { label, zxid: Number(zxid - this.base), err, eventsBefore };
    if (err === 0) entry['body'] = body(input);
    entry['left'] = input.left;
    entry['events'] = [await this.a.takeEvents(), await this.b.takeEvents()];
    this.trace.push(entry);
  }
  stat = (input: JuteReader) => readStat(input, this.base, this.owners);

  create(
    path: string,
    data: string | null,
    flags: number,
    { acl = OPEN_ACL, op = Op.create as number, by = this.a } = {},
  ) {
    return this.run(
      `create ${path} ${flags} by op ${op}`,
      by.ask(op, (out) => {
        out.string(path).buffer(data === null ? null : Buffer.from(data));
        writeAcl(out, acl).int(flags);
      }),
      (input) => [input.string(), op === Op.create2 ? this.stat(input) : null],
    );
  }
  remove(path: string, version = -1) {
    return this.run(
      `delete ${path} ${version}`,
      this.a.ask(Op.delete, (out) => out.string(path).int(version)),
    );
  }
  set(path: string, data: string | null, version = -1) {
    return this.run(
      `set ${path} ${version}`,
      this.a.ask(Op.setData, (out) =>
        out
          .string(path)
          .buffer(data === null ? null : Buffer.from(data))
          .int(version),
      ),
      this.stat,
    );
  }
  exists(path: string, watch = false, by = this.b) {
    return this.run(
      `exists ${path}`,
      by.ask(Op.exists, (out) => out.string(path).bool(watch)),
      this.stat,
    );
  }
  get(path: string, watch = false, by = this.b) {
    return this.run(
      `get ${path}`,
      by.ask(Op.getData, (out) => out.string(path).bool(watch)),
      (input) => [input.buffer()?.toString() ?? null, this.stat(input)],
    );
  }
  children(path: string, watch = false, op: number = Op.getChildren2) {
    return this.run(
      `children ${path}`,
      this.b.ask(op, (out) => out.string(path).bool(watch)),
      (input) => [
        input.vector(() => input.string()).sort(),
        op === Op.getChildren2 ? this.stat(input) : null,
      ],
    );
  }
  getAcl(path: string) {
    return this.run(
      `getACL ${path}`,
      this.a.ask(Op.getACL, (out) => out.string(path)),
      (input) => [input.vector(() => [input.int(), input.string(), input.string()]), this.stat(input)],
    );
  }
  setAcl(path: string, acl: Acl, version: number) {
    return this.run(
      `setACL ${path} ${version}`,
      this.a.ask(Op.setACL, (out) => writeAcl(out.string(path), acl).int(version)),
      this.stat,
    );
  }
  multi(label: string, steps: MultiStep[]) {
    return this.run(
      `multi ${label}`,
      this.a.ask(Op.multi, (out) => {
        for (const step of steps) writeStep(out, step);
        out.int(-1).bool(true).int(-1);
      }),
      (input) => this.#results(input),
    );
  }
  #results(input: JuteReader): unknown[] {
    const results: unknown[] = [];
    for (;;) {
      const [type, done, err] = [input.int(), input.bool(), input.int()];
      if (done) return results;
      const result: unknown[] = [type, err];
      if (type === Op.create || type === Op.create2) result.push(input.string());
      if (type === Op.setData || type === Op.create2) result.push(this.stat(input));
      if (type === -1) result.push(input.int());
      results.push(result);
    }
  }
}

function writeAcl(out: JuteWriter, acl: Acl): JuteWriter {
  return out.vector(acl, ({ perms, scheme, id }) => out.int(perms).string(scheme).string(id));
}

function writeStep(out: JuteWriter, [type, path, ...rest]: MultiStep): void {
  const op = { create: Op.create, create2: Op.create2, delete: Op.delete, check: Op.check, set: Op.setData }[
    type
  ];
  out.int(op).bool(false).int(-1).string(path);
  if (typeof rest[0] === 'string') out.buffer(Buffer.from(rest[0]));
  if (type === 'create' || type === 'create2') writeAcl(out, OPEN_ACL);
  out.int((typeof rest[0] === 'string' ? rest[1] : rest[0])!);
}

/** The same steps on a fresh server; gives everything seen. */
async function play(port: number): Promise<unknown[]> {
  const a = await RawClient.open(port, 5000);
  const b = await RawClient.open(port, 5000);
  const s = new Script(a, b);
  // The shape of a fresh server, then plain creates and their refusals.
  await s.exists('/');
  await s.children('/');
  await s.children('/zookeeper');
  await s.create('/n', 'one', 0);
  await s.create('/n', 'two', 0);
  await s.create('/absent/x', '', 0);
  for (const bad of [
    '',
    'n',
    '/n/',
    '/n//x',
    '/n/./x',
    '/n/..',
    '/a\u0001',
    '/a\ud7ff',
    '/a\ue000',
    '/\ufff1',
    '/',
  ]) {
    await s.create(bad, '', 0);
  }
  await s.create('/n/null', null, 0);
  await s.get('/n/null');
  await s.create('/n/acl', '', 0, { acl: [] });
  await s.create('/n/acl', '', 0, { acl: [{ perms: 31, scheme: 'nonsense', id: 'x' }] });
  for (const flags of [5, 6, 7, -1]) await s.create(`/n/flag${flags}`, '', flags);
  await s.create('/n/two', 'x', 0, { op: Op.create2 });
  await s.create('/n/seq', 'x', 2, { op: Op.create2 });
  // Sequence numbers count creates, over all children and whatever was deleted.
  await s.create('/n/s-', '', 2);
  await s.remove('/n/null');
  await s.create('/n/s-', '', 3);
  await s.create('/n/', '', 2);
  await s.create('/n/s-', '', 3, { by: b });
  await s.children('/n');
  await s.children('/n', false, Op.getChildren);
  await s.exists('/n');
  // Ephemeral nodes have no children.
  await s.create('/n/e', '', 1);
  await s.create('/n/e/x', '', 0);
  await s.create('/n/e/x', '', 2);
  await s.exists('/n/e');
  // Data and versions.
  await s.set('/n', 'v1', 0);
  await s.set('/n', 'v2', 0);
  await s.set('/n', 'v2', 1);
  await s.set('/n', null, -1);
  await s.get('/n');
  await s.set('/absent', '', -1);
  await s.set('bad', '', -1);
  await s.set('/n/', '', -1);
  // Deletes.
  await s.remove('/n', 0);
  await s.remove('/n', 3);
  await s.remove('/n', -1);
  await s.remove('/absent');
  await s.remove('/absent/x');
  await s.remove('/n/');
  for (const path of ['/', '', 'n', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'])
    await s.remove(path);
  // Reads of what is not there, or no path.
  for (const path of ['/absent', 'n', '', '/n/']) {
    await s.get(path);
    await s.exists(path);
    await s.children(path);
    await s.getAcl(path);
  }
  await s.exists('/x\u0000y');
  // Access lists: versions, and permissions that are missing.
  await s.getAcl('/n');
  await s.setAcl('/n', [{ perms: 31, scheme: 'world', id: 'anyone' }], 7);
  await s.setAcl('/n', [{ perms: 31, scheme: 'world', id: 'anyone' }], 0);
  await s.setAcl('/n', [], -1);
  await s.setAcl('/absent', OPEN_ACL, -1);
  await s.create('/ro', 'x', 0, { acl: [{ perms: 1, scheme: 'world', id: 'anyone' }] });
  await s.set('/ro', 'y', -1);
  await s.create('/ro/x', '', 0);
  await s.setAcl('/ro', OPEN_ACL, -1);
  await s.get('/ro');
  await s.create('/hidden', 'x', 0, { acl: [{ perms: 2, scheme: 'world', id: 'anyone' }] });
  await s.get('/hidden');
  await s.children('/hidden');
  await s.exists('/hidden');
  await s.getAcl('/hidden');
  // Watches: each kind, each event, once; order of events and reply.
  await s.exists('/w', true);
  await s.get('/w', true);
  await s.children('/w', true);
  await s.children('/', true);
  await s.create('/w', '', 0);
  await s.set('/w', 'again', -1);
  await s.exists('/w', true);
  await s.get('/w', true);
  await s.set('/w', 'x', -1);
  await s.set('/w', 'y', -1);
  await s.get('/w', true);
  await s.children('/w', true);
  await s.create('/w/c', '', 0);
  await s.children('/w', true);
  await s.get('/w/c', true);
  await s.children('/w/c', true);
  await s.remove('/w/c');
  await s.set('/w', 'z', -1);
  await s.get('/w', true);
  await s.children('/w', true);
  await s.setAcl('/w', OPEN_ACL, -1);
  await s.remove('/w');
  // The writer's own events come before its reply.
  await s.exists('/own', true, a);
  await s.create('/own', '', 0);
  await s.get('/own', true, a);
  await s.multi('of the watcher itself', [
    ['set', '/own', 'x', -1],
    ['delete', '/own', -1],
  ]);
  // Multi: all, none, events only at the commit, numbers inside.
  await s.exists('/m', true);
  await s.multi('fails late', [
    ['create', '/m', 'x', 0],
    ['set', '/m', 'y', 0],
    ['check', '/n', 99],
    ['delete', '/m', -1],
  ]);
  await s.exists('/m');
  await s.children('/', true);
  await s.multi('succeeds', [
    ['create', '/m', 'x', 0],
    ['create', '/m/s-', '', 2],
    ['create2', '/m/s-', '', 2],
    ['set', '/m', 'y', 0],
    ['check', '/m', 1],
    ['delete', '/m/s-0000000000', 0],
  ]);
  await s.exists('/m');
  await s.children('/m');
  await s.multi('undoes deletes', [
    ['delete', '/m/s-0000000001', -1],
    ['delete', '/m', -1],
    ['create', '/m/x', '', 0],
  ]);
  await s.exists('/m');
  await s.children('/m');
  await s.multi('is empty', []);
  await s.multi('checks only', [['check', '/', -1]]);
  await s.multi('checks what is not there', [['check', '/absent', -1]]);
  await s.multi('has a bad path', [['check', 'bad', -1]]);
  await s.multi('creates twice', [
    ['create', '/t', '', 0],
    ['create', '/t', '', 0],
    ['create', '/u', '', 0],
  ]);
  await s.create('/m/s-', '', 2);
  await s.exists('/m');
  // sync, unknown operations.
  await s.run(
    'sync',
    a.ask(Op.sync, (out) => out.string('/m')),
    (input) => input.string(),
  );
  await s.run(
    'getEphemerals of nobody',
    a.ask(Op.exists, (out) => out.string('/m').bool(false)),
    s.stat,
  );
  // Watches of another connection, set anew.
  const before = (await a.ask(Op.ping, () => {}, -2)).zxid;
  await s.set('/m', 'later', -1);
  await s.run(
    'setWatches',
    b.ask(
      101,
      (out) => {
        const paths = (list: string[]) => out.vector(list, (path) => out.string(path));
        out.long(before);
        paths(['/m', '/n', '/absent']);
        paths(['/m', '/absent2']);
        paths(['/m', '/n', '/absent3']);
      },
      -8,
    ),
  );
  await s.set('/n', 'seen', -1);
  await s.create('/absent2', '', 0);
  await s.create('/n/child', '', 0);
  // A session that ends takes its ephemeral nodes with it.
  await s.get('/n/e', true);
  await s.run('closeSession', closing(a));
  s.trace.push({ events: sorted(await b.takeEvents()) });
  const zxid = (await b.ask(Op.exists, (out) => out.string('/n').bool(false))).body;
  s.trace.push(s.stat(zxid));
  b.cut();
  await b.closed;
  return s.trace;
}

/** The reply to closeSession; the later pings of a Script must not hang on the closed connection. */
async function closing(client: RawClient): Promise<RawReply> {
  const reply = await client.ask(Op.closeSession);
  await client.closed;
  client.takeEvents = async () => client.events.splice(0);
  return reply;
}

function sorted(events: { type: number; path: string }[]): unknown[] {
  return events.map(({ type, path }) => `${type} ${path}`).sort();
}

describe('the embedded server behaves as the real one', needs(...ZOOKEEPER), () => {
  let real: RealZooKeeper;
  let embedded: Embedded;
  before(async () => {
    [real, embedded] = await Promise.all([
      startRealZooKeeper(),
      startEmbedded({ tickMs: 100, minSessionTimeoutMs: 200, maxSessionTimeoutMs: 60_000 }),
    ]);
  });
  after(async () => {
    await Promise.all([real?.close(), embedded?.close()]);
  });

  test('every answer, error, stat, sequence number, zxid and event of one long script', async () => {
    const [expected, actual] = [await play(real.port), await play(embedded.port)];
    assert.ok(expected.length > 100);
    for (let i = 0; i < expected.length; i++) assert.deepEqual(actual[i], expected[i]);
    assert.equal(actual.length, expected.length);
  });

  test('handshake: timeouts granted, sessions taken up, wrong passwords, unknown sessions, a future zxid', async () => {
    const seen = async (port: number) => {
      const trace: unknown[] = [];
      for (const timeout of [1, 5000, 10_000_000]) {
        const client = await RawClient.open(port, timeout);
        trace.push(client.session.timeoutMs, client.session.password.length);
        client.cut();
      }
      const first = await RawClient.open(port, 3000);
      await first.ask(Op.exists, (out) => out.string('/').bool(true));
      const { id, password } = first.session;
      const second = await RawClient.open(port, 4000, { id, password });
      await first.closed; // the older connection of a session is closed
      trace.push(
        second.session.id === id,
        second.session.timeoutMs,
        second.session.password.equals(password),
      );
      const zxid = (await second.ask(Op.ping, () => {}, -2)).zxid;
      const wrong = await RawClient.open(port, 4000, { id, password: Buffer.alloc(16, 1) });
      await wrong.closed;
      trace.push(wrong.session.timeoutMs, wrong.session.id, wrong.session.password.toString('hex'));
      const unknown = await RawClient.open(port, 4000, { id: 77n, password });
      await unknown.closed;
      trace.push(unknown.session.timeoutMs, unknown.session.id);
      await assert.rejects(RawClient.open(port, 4000, { id, password, zxid: zxid + 1000n }), /closed/);
      const third = await RawClient.open(port, 4000, { id, password, zxid });
      trace.push(third.session.id === id);
      await third.ask(Op.closeSession);
      const gone = await RawClient.open(port, 4000, { id, password, zxid });
      trace.push(gone.session.timeoutMs);
      return trace;
    };
    assert.deepEqual(await seen(embedded.port), await seen(real.port));
  });

  test('a session expires with its ephemeral nodes when its client falls silent', async () => {
    for (const { port } of [real, embedded]) {
      const silent = await RawClient.open(port, 300);
      const watcher = await RawClient.open(port, 20_000);
      const flags = 1;
      await silent.ask(Op.create, (out) => {
        writeAcl(out.string('/mortal').buffer(null), OPEN_ACL).int(flags);
      });
      await watcher.ask(Op.exists, (out) => out.string('/mortal').bool(true));
      await silent.closed;
      while ((await watcher.ask(Op.exists, (out) => out.string('/mortal').bool(false))).err !== -101) {}
      assert.deepEqual(await watcher.takeEvents(), [{ type: 2, path: '/mortal' }]);
      watcher.cut();
    }
  });

  test('a request longer than jute.maxbuffer, or of negative length, costs the connection', async () => {
    for (const { port } of [real, embedded]) {
      for (const length of [0xfffff + 1, -5]) {
        const client = await RawClient.open(port, 3000);
        const head = Buffer.alloc(4);
        head.writeInt32BE(length);
        client.write(head);
        await client.closed;
      }
    }
  });
});
