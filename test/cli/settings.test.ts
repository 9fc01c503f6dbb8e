// Where settings come from, which source wins, and what is refused with which words.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../src/cli/failure.js';
import { DATA, ROUTER, ZK } from '../../src/cli/options.js';
import { settle } from '../../src/cli/settings.js';
import { flag, groupId, hostPorts, hostPortText, port, seconds, share } from '../../src/cli/values.js';

const folder = mkdtempSync(join(tmpdir(), 'towline-settings-'));
after(() => rmSync(folder, { recursive: true }));
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const none = { flags: {}, environment: {} };

test('flags win over the environment, that over the file, that over the default', async () => {
  const path = file('router.yaml', 'zookeeper: z:1\nport: 1\ndeadline-ms: 1001\nmax-clients: 11\n');
  const environment = { TOWLINE_PORT: '2', TOWLINE_DEADLINE_MS: '1002' };
  const settings = await settle(ROUTER, { flags: { port: '3' }, environment, file: path });
  assert.deepEqual(
    [settings.port, settings.deadlineMs, settings.maxClients, settings.host],
    [3, 1002, 11, '127.0.0.1'],
  );
  assert.equal(settings.password, undefined);
  assert.equal(settings.zookeeper, 'z:1');
});

test('a yaml list and a zoo.cfg say the same as text', async () => {
  const path = file('data.yaml', 'group: g1\nzookeeper: [a:1, b:2]\nhotfix: false\n');
  const data = await settle(DATA, { ...none, file: path });
  assert.deepEqual([data.zookeeper, data.hotfix], ['a:1,b:2', false]);
  const cfg = file('zoo.cfg', '# comment\nclientPort=2999\n\ndataDir=/x\n');
  const zk = await settle(ZK, { ...none, file: cfg, foreign: /^dataDir$/ });
  assert.equal(zk.port, 2999);
});

test('a message names the source of what is not valid', async () => {
  const refused = (sources: Parameters<typeof settle>[1], words: RegExp) =>
    assert.rejects(
      settle(ROUTER, sources),
      (error) => error instanceof UsageError && words.test(error.message),
    );
  const zookeeper = 'z:1';
  await refused(none, /--zookeeper is missing/);
  await refused(
    { flags: { port: '70000', zookeeper }, environment: {} },
    /--port: '70000' is not valid.*65535/,
  );
  await refused({ flags: { zookeeper }, environment: { TOWLINE_PORT: 'x' } }, /TOWLINE_PORT: 'x'/);
  await refused({ ...none, file: file('a.yaml', 'port: x') }, /a\.yaml: port: 'x'/);
  await refused({ ...none, file: file('b.yaml', 'prot: 1') }, /b\.yaml: unknown key 'prot'/);
  await refused({ ...none, file: file('c.yaml', 'port: {a: 1}') }, /port: expected a single value/);
  await refused({ ...none, file: file('d.yaml', '- 1') }, /expected lines/);
  await refused({ ...none, file: file('e.yaml', 'a: b: c') }, /e\.yaml/);
  await refused({ ...none, file: file('f.cfg', 'nonsense') }, /'nonsense' is not key=value/);
  await refused({ ...none, file: join(folder, 'absent.yaml') }, /cannot be read \(ENOENT\)/);
});

test('values: what is taken and what is not', () => {
  assert.deepEqual(hostPorts('a:1, [::1]:2'), [
    { host: 'a', port: 1 },
    { host: '::1', port: 2 },
  ]);
  assert.equal(hostPortText('[::1]:2181,b:1'), '[::1]:2181,b:1');
  for (const bad of ['', 'a', 'a:', ':1', 'a:0', 'a:65536', 'a:1,', 'a b:1', 'a:1x']) {
    assert.throws(() => hostPorts(bad), UsageError, bad);
  }
  assert.equal(port('0'), 0);
  for (const bad of ['-1', '65536', '1.5', '', '0x10', '1e3'])
    assert.throws(() => port(bad), UsageError, bad);
  assert.equal(share('.5'), 0.5);
  for (const bad of ['1.1', '-0.1', 'x', '']) assert.throws(() => share(bad), UsageError, bad);
  assert.equal(seconds('0.5'), 0.5);
  for (const bad of ['-1', '3000000', '']) assert.throws(() => seconds(bad), UsageError, bad);
  assert.equal(groupId('a.b-c_1'), 'a.b-c_1');
  for (const bad of ['', 'a b', 'a/b', 'x'.repeat(65)]) assert.throws(() => groupId(bad), UsageError, bad);
  assert.deepEqual([flag('yes'), flag('0')], [true, false]);
  assert.throws(() => flag('2'), UsageError);
});
