// keyv's own test suite, as it is published, over @keyv/redis. It is written for vitest, of which it takes `it`, the
// hooks and `expect`: the first are collected here and run one after another, the last is vitest's own.
import assert from 'node:assert/strict';
import KeyvRedis from '@keyv/redis';
import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import { chai, JestChaiExpect, JestExtend } from '@vitest/expect';
import { Keyv } from 'keyv';
import { fail, keysLeft, run, url } from './program.js';

chai.use(JestExtend);
chai.use(JestChaiExpect);

type Step = (context: { expect: unknown }) => unknown;

/** What vitest gives to a suite, and nothing of it that the suite does not use. */
class Suite {
  readonly tests: { name: string; body: Step }[] = [];
  private readonly before: Step[] = [];
  private readonly after: Step[] = [];
  readonly it = (name: string, body: Step) => void this.tests.push({ name, body });
  readonly beforeEach = (step: Step) => void this.before.push(step);
  readonly afterEach = (step: Step) => void this.after.push(step);

  async run(): Promise<void> {
    for (const { name, body } of this.tests) {
      let made = 0;
      let wanted: number | null = null;
      const expect = Object.assign(
        (value: unknown) => {
          made++;
          return chai.expect(value);
        },
        {
          assertions: (count: number) => {
            wanted = count;
          },
        },
      );
      for (const step of this.before) await step({ expect });
      try {
        await body({ expect });
        if (wanted !== null) assert.equal(made, wanted, 'assertions made');
      } catch (error) {
        throw new Error(`keyv's test "${name}"`, { cause: error });
      }
      for (const step of this.after) await step({ expect });
    }
  }
}

run(async (place) => {
  // The suite makes a Keyv for each test, which listens at its store for good.
  const open = () =>
    ([0, 1] as const).map((which) => {
      const store = new KeyvRedis(url(place, which), { throwOnErrors: true });
      store.on('error', fail);
      store.setMaxListeners(1000);
      return store;
    });
  // Two are handed out in turn, one at each router; closing them is not the suite's work.
  let stores = open();
  let handed = 0;
  const suites = [keyvApiTests, keyvValueTests, keyvIteratorTests, keyvNamespaceTest].map((fill) => {
    const suite = new Suite();
    fill(suite as never, Keyv as never, () => stores[handed++ % 2]!);
    return suite;
  });
  const tests = suites.reduce((sum, suite) => sum + suite.tests.length, 0);
  assert.ok(tests > 40, `${tests} tests`);
  return {
    async round() {
      for (const suite of suites) await suite.run();
      await Promise.all(stores.map((store) => store.disconnect()));
      stores = open();
    },
    async finish(rounds) {
      await new Keyv({ store: stores[0]! }).clear();
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all(stores.map((store) => store.disconnect()));
      return `${tests} tests of keyv's suite, ${rounds} times`;
    },
  };
});
