// Membership, documents and elections while replies are lost and sessions expire.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CasDocument,
  DocumentView,
  Election,
  Membership,
  MembershipView,
  ZooKeeper,
  ZooKeeperError,
} from '../../src/zookeeper/index.js';
import { client, embedded, next, until } from './helpers.js';

const failsWith = (code: string) => (error: unknown) =>
  error instanceof ZooKeeperError && error.code === code;

interface Info {
  id: string;
  address: string;
}

describe('membership', () => {
  test('members appear in order of registration, change, and disappear', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const seen: string[] = [];
    // A server may list children in any order.
    const { children } = zk;
    zk.children = async (...args) => {
      const { names, stat } = await children.apply(zk, args);
      return { names: names.toSorted(), stat };
    };
    const view = new MembershipView<Info>(zk, '/towline/routers', (members) =>
      seen.push(members.map(({ id, info }) => `${id}@${info.address}`).join(' ')),
    );
    await view.start();
    assert.ok(view.current);
    const b = new Membership(zk, '/towline/routers', { id: 'b', address: 'host:1' });
    const a = new Membership(zk, '/towline/routers', { id: 'a', address: 'host:2' });
    await b.start();
    await a.start();
    assert.ok(a.registered);
    await until('both are seen', () => view.members.length === 2);
    a.update({ id: 'a', address: 'host:3' });
    await until('the change is seen', () => view.members[1]?.info.address === 'host:3');
    await b.stop();
    await until('the end is seen', () => view.members.length === 1);
    await zk.create('/towline/routers/junk', 'not json');
    await a.stop();
    await until('nobody is left', () => view.members.length === 0);
    await view.stop();
    assert.equal(seen[0], '');
    assert.ok(seen.includes('b@host:1 a@host:2'));
    assert.ok(seen.includes('b@host:1 a@host:3'));
    assert.equal(seen.at(-1), '');
  });

  test('a member registers again after its session expired, and after somebody deleted its node', async (t) => {
    const server = await embedded(t);
    const [{ zk: mine }, { zk: other }] = [await client(t, server.address), await client(t, server.address)];
    const view = new MembershipView<Info>(other, '/members');
    await view.start();
    const member = new Membership(mine, '/members', { id: 'm', address: 'x' });
    await member.start();
    for (let round = 0; round < 3; round++) {
      await until('the member is seen', () => view.members[0]?.id === 'm');
      const before = view.members[0]!.czxid;
      if (round === 1) await other.remove('/members/m', -1);
      else server.faults.expireSession(mine.sessionId);
      await until('a new registration is seen', () => (view.members[0]?.czxid ?? before) > before);
      assert.equal((await other.exists('/members/m'))?.ephemeralOwner, mine.sessionId);
      await until('the member knows', () => member.registered);
    }
    await member.stop();
    await view.stop();
  });

  test('the reply to the registration is lost: registered once, as its own', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    server.faults.loseReply({ type: 'create', path: '/members/m', times: 2 });
    const member = new Membership(zk, '/members', { id: 'm', address: 'x' });
    await member.start();
    const { stat } = await zk.get('/members/m');
    assert.equal(stat.ephemeralOwner, zk.sessionId);
    await member.stop();
    assert.equal(await zk.exists('/members/m'), null);
  });

  test('an id that another session holds is waited for, not taken', async (t) => {
    const server = await embedded(t);
    const [{ zk: first }, { zk: second }] = [
      await client(t, server.address),
      await client(t, server.address),
    ];
    const holder = new Membership(first, '/members', { id: 'm', address: 'first' });
    await holder.start();
    const waiter = new Membership(second, '/members', { id: 'm', address: 'second' });
    const started = waiter.start();
    await second.barrier();
    await second.barrier();
    assert.equal(waiter.registered, false);
    server.faults.expireSession(first.sessionId);
    await first.close();
    await started;
    assert.equal((await second.exists('/members/m'))?.ephemeralOwner, second.sessionId);
  });

  test('a view is not current while disconnected, and catches up with what it missed', async (t) => {
    const server = await embedded(t);
    const [{ zk }, { zk: other }] = [await client(t, server.address), await client(t, server.address)];
    const view = new MembershipView<Info>(zk, '/members');
    await view.start();
    server.faults.expireSession(zk.sessionId);
    await next(zk, 'suspended');
    assert.equal(view.current, false);
    await other.create('/members/n', JSON.stringify({ id: 'n', address: 'y' }));
    await until('it has caught up', () => view.current && view.members[0]?.info.address === 'y');
    await view.stop();
  });

  test('start() does not hang when the client is closed', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    server.faults.freeze();
    const started = [new Membership(zk, '/m', { id: 'x' }).start(), new MembershipView(zk, '/m').start()];
    const rejected = Promise.all(started.map((start) => assert.rejects(start, failsWith('CLOSED'))));
    await zk.close();
    await rejected;
  });
});

interface Ring {
  version: number;
  groups: string[];
}

describe('documents', () => {
  test('create, read, write by version; a stale version is refused', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const doc = new CasDocument<Ring>(zk, '/towline/ring');
    assert.equal(await doc.read(), null);
    await assert.rejects(
      doc.write(
        { version: 1, groups: [] },
        { value: { version: 0, groups: [] }, version: 0, czxid: 1n, mzxid: 1n },
      ),
      failsWith('NO_NODE'),
    );
    const first = await doc.create({ version: 1, groups: ['g1'] });
    assert.deepEqual(await doc.read(), first);
    await assert.rejects(doc.create({ version: 1, groups: [] }), failsWith('NODE_EXISTS'));
    const second = await doc.write({ version: 2, groups: ['g1', 'g2'] }, first);
    assert.equal(second.version, 1);
    assert.deepEqual(await doc.read(), second);
    await assert.rejects(doc.write({ version: 2, groups: [] }, first), failsWith('BAD_VERSION'));
    const same = await doc.update((now) => (now?.groups.length === 2 ? null : { version: 9, groups: [] }));
    assert.deepEqual(same, second);
  });

  test('a lost answer: the writer finds its own write, however often', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const doc = new CasDocument<Ring>(zk, '/ring');
    server.faults.loseReply({ type: 'create', path: '/ring' });
    let now = await doc.create({ version: 1, groups: [] });
    assert.equal(now.version, 0);
    for (let version = 2; version < 6; version++) {
      server.faults.loseReply({ type: 'setData', path: '/ring' });
      now = await doc.write({ version, groups: [] }, now);
      assert.equal(now.version, version - 1); // written exactly once
    }
  });

  test('a lost answer, then somebody else was faster: BAD_VERSION only when ours surely never happened', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const [mine, theirs] = [new CasDocument<Ring>(a, '/ring'), new CasDocument<Ring>(b, '/ring')];
    const first = await mine.create({ version: 1, groups: [] });
    // Ours happened, and theirs came on top before we could look: nobody can tell.
    server.faults.loseReply({ type: 'setData', path: '/ring' });
    const { get } = a;
    a.get = async (...args) => {
      a.get = get;
      const now = await theirs.read();
      assert.equal(now?.version, 1);
      await theirs.write({ version: 3, groups: ['theirs'] }, now);
      return get.apply(a, args);
    };
    await assert.rejects(mine.write({ version: 2, groups: ['mine'] }, first), failsWith('CONNECTION_LOSS'));
    // Ours was lost before it arrived, and theirs took the version it would have made: it never happened.
    const second = (await mine.read())!;
    const { set } = a;
    a.set = async () => {
      a.set = set;
      await theirs.write({ version: 4, groups: ['theirs'] }, second);
      throw new ZooKeeperError('CONNECTION_LOSS', 'as if sent');
    };
    await assert.rejects(mine.write({ version: 4, groups: ['mine'] }, second), failsWith('BAD_VERSION'));
    // Theirs took the very version that ours would have made: ours never happened.
    const third = (await mine.read())!;
    await theirs.write({ version: 4, groups: ['theirs'] }, third);
    await assert.rejects(mine.write({ version: 4, groups: ['mine'] }, third), failsWith('BAD_VERSION'));
  });

  test('two writers with update() under lost answers: every change is in', async (t) => {
    const server = await embedded(t);
    const clients = [await client(t, server.address), await client(t, server.address)];
    const docs = clients.map(({ zk }) => new CasDocument<Ring>(zk, '/deep/down/ring'));
    server.faults.loseReply({ type: 'setData', times: 7 });
    server.faults.loseReply({ type: 'create', path: '/deep/down/ring', times: 1 });
    await Promise.all(
      docs.map(async (doc, who) => {
        for (let i = 0; i < 15; i++) {
          const name = `${who}.${i}`;
          await doc.update((now) => {
            const ring = now ?? { version: 0, groups: [] };
            if (ring.groups.includes(name)) return null;
            return { version: ring.version + 1, groups: [...ring.groups, name] };
          });
        }
      }),
    );
    const end = (await docs[0]!.read())!.value;
    assert.equal(end.groups.length, 30);
    assert.equal(new Set(end.groups).size, 30);
    assert.equal(end.version, 30);
  });

  test('a view tells every latest version, over absence, cuts and expiry, and never an older one', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const doc = new CasDocument<Ring>(a, '/ring');
    const seen: (number | null)[] = [];
    const view = new DocumentView<Ring>(b, '/ring', (document) => seen.push(document?.value.version ?? null));
    await view.start();
    assert.equal(seen.length, 1);
    assert.equal(seen[0], null);
    const reached = (version: number) =>
      until(`version ${version} is seen`, () => view.current && view.document?.value.version === version);
    let now = await doc.create({ version: 1, groups: [] });
    await reached(1);
    for (let version = 2; version < 8; version++) {
      if (version === 3) server.faults.cut();
      if (version === 5) server.faults.expireSession(b.sessionId);
      now = await doc.write({ version, groups: [] }, now);
      await reached(version);
    }
    for (let version = 8; version < 40; version++) now = await doc.write({ version, groups: [] }, now);
    await reached(39);
    await a.remove('/ring', -1);
    await until('its end is seen', () => view.document === null);
    await doc.create({ version: 100, groups: [] });
    await reached(100);
    await view.stop();
    const told = seen.filter((version) => version !== null);
    const sorted = told.toSorted((x, y) => x - y);
    assert.deepEqual(told, sorted);
    assert.equal(new Set(told).size, told.length);
    for (const version of [1, 2, 3, 4, 5, 6, 7, 39, 100]) assert.ok(told.includes(version));
  });
});

describe('election', () => {
  test('one leader at a time; the next takes over after stop, expiry and deletion; tokens grow', async (t) => {
    const server = await embedded(t);
    const clients = await Promise.all([0, 1, 2, 3].map(() => client(t, server.address)));
    const tokens: bigint[] = [];
    const elections = clients.map(
      ({ zk }, i) =>
        new Election(zk, '/leader', String(i), (leader, token) => {
          if (leader) tokens.push(BigInt(token!));
        }),
    );
    for (const election of elections) await election.start();
    const leaders = () => elections.flatMap((election, i) => (election.isLeader ? [i] : []));
    await until('the first leads', () => elections[0]!.isLeader);
    assert.deepEqual(leaders(), [0]);
    await elections[0]!.stop();
    await until('the second leads', () => elections[1]!.isLeader);
    assert.deepEqual(leaders(), [1]);
    server.faults.expireSession(clients[1]!.zk.sessionId);
    await until('the third leads', () => elections[2]!.isLeader);
    assert.deepEqual(leaders(), [2]);
    const names = (await clients[0]!.zk.children('/leader')).names;
    const mine = await Promise.all(names.map((name) => clients[0]!.zk.exists(`/leader/${name}`)));
    const at = mine.findIndex((stat) => stat?.ephemeralOwner === clients[2]!.zk.sessionId);
    await clients[0]!.zk.remove(`/leader/${names[at]}`, -1);
    await until('the fourth leads', () => elections[3]!.isLeader);
    await until('the third knows', () => !elections[2]!.isLeader);
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => (a < b ? -1 : 1)),
    );
    assert.equal(tokens.length, 4);
    for (const election of elections) await election.stop();
    assert.deepEqual((await clients[0]!.zk.children('/leader')).names, []);
  });

  test('nothing begins before start(), however often the client connects; then everything is told', async (t) => {
    const server = await embedded(t);
    const zk = new ZooKeeper({ servers: server.address, sessionTimeoutMs: 2000 });
    t.after(() => zk.close());
    const told: string[] = [];
    // Made while the client still connects, as a router makes its own.
    const recipes = {
      leader: new Election(zk, '/early/leader', 'me', (leads) => told.push(`leads: ${leads}`)),
      member: new Membership<Info>(zk, '/early/members', { id: 'm', address: 'x' }),
      members: new MembershipView<Info>(zk, '/early/members', (all) => told.push(`members: ${all.length}`)),
      document: new DocumentView<object>(zk, '/early/document', (found) => told.push(`document: ${found}`)),
    };
    await zk.connect();
    server.faults.cut();
    await next(zk, 'connected');
    for (let i = 0; i < 4; i++) await zk.barrier();
    assert.equal(await zk.exists('/early'), null);
    assert.deepEqual(told, []);
    await recipes.leader.start();
    await until('it leads', () => recipes.leader.isLeader);
    assert.deepEqual(told.splice(0), ['leads: true']);
    await recipes.member.start();
    await recipes.members.start();
    await recipes.document.start();
    assert.deepEqual(told, ['members: 1', 'document: null']);
    for (const recipe of Object.values(recipes)) await recipe.stop();
  });

  test('leadership pauses while suspended, and one lost reply makes one node', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const changes: boolean[] = [];
    server.faults.loseReply({ type: 'create', path: '/leader/' });
    const election = new Election(zk, '/leader', 'me', (leader) => changes.push(leader));
    await election.start();
    await until('it leads', () => election.isLeader);
    assert.equal((await zk.children('/leader')).names.length, 1);
    server.faults.cut();
    await next(zk, 'suspended');
    assert.equal(election.isLeader, false);
    await until('it leads again', () => election.isLeader);
    assert.deepEqual(changes, [true, false, true]);
    await election.stop();
  });
});
