// A GraphQL schema with subscriptions by graphql-redis-subscriptions: who subscribes is at one router, who publishes at
// the other.
import assert from 'node:assert/strict';
import { buildSchema, type ExecutionResult, graphql, parse, subscribe } from 'graphql';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { fail, host, type Place, run } from './program.js';

const schema = buildSchema(`
  type Comment { post: Int!, text: String!, at: String! }
  type Query { comments(post: Int!): Int! }
  type Mutation { comment(post: Int!, text: String!): Comment! }
  type Subscription { commented(post: Int!): Comment!, anything: Comment! }
`);

interface Comment {
  post: number;
  text: string;
  at: string;
}

function pubsubAt(place: Place, which: 0 | 1): RedisPubSub {
  return new RedisPubSub({
    connection: { host, port: place.ports[which], db: place.database },
    connectionListener: (error) => void (error && fail(error)),
  });
}

/** What the schema's fields do, on one side. */
function resolvers(pubsub: RedisPubSub) {
  return {
    comments: () => 0,
    comment: async ({ post, text }: Comment) => {
      const comment = { post, text, at: new Date(0).toISOString() };
      await pubsub.publish(`comments.${post}`, comment);
      return comment;
    },
    commented: ({ post }: Comment) => wrap('commented', pubsub.asyncIterableIterator(`comments.${post}`)),
    anything: () => wrap('anything', pubsub.asyncIterableIterator('comments.*', { pattern: true })),
  };
}

async function* wrap(field: string, source: AsyncIterable<Comment>) {
  for await (const comment of source) yield { [field]: comment };
}

run(async (place) => {
  const sides = [pubsubAt(place, 0), pubsubAt(place, 1)];
  let delivered = 0;

  /** Subscribes; says what comes, in its order. */
  async function listen(side: RedisPubSub, query: string) {
    const stream = await subscribe({ schema, document: parse(query), rootValue: resolvers(side) });
    assert.ok(Symbol.asyncIterator in stream, JSON.stringify(stream));
    const results = stream as AsyncGenerator<ExecutionResult>;
    const next = results.next();
    return {
      async take(count: number): Promise<string[]> {
        const texts: string[] = [];
        for (let waiting = next; texts.length < count; waiting = results.next()) {
          const { value } = await waiting;
          assert.equal(value.errors, undefined);
          texts.push(Object.values(value.data as Record<string, Comment>)[0]!.text);
          delivered++;
          if (texts.length === count) break;
        }
        return texts;
      },
      end: () => results.return(undefined),
    };
  }

  return {
    async round(number) {
      const [here, there] = [sides[number % 2]!, sides[(number + 1) % 2]!];
      const [post, other] = [2 * number, 2 * number + 1];
      const one = await listen(here, `subscription { commented(post: ${post}) { text } }`);
      const any = await listen(there, 'subscription { anything { text post } }');
      // The package begins to listen at the first next(); its promise of a subscription is not shown.
      const probe = await here.subscribe(`comments.${post}`, () => {});
      const probeAny = await there.subscribe('comments.*', () => {}, { pattern: true });
      const texts = Array.from({ length: 20 }, (_, i) => `comment ${number}-${i} ✓`);
      for (const [i, text] of texts.entries()) {
        const side = sides[i % 2]!;
        const source = `mutation ($post: Int!, $text: String!) { comment(post: $post, text: $text) { text at } }`;
        const variableValues = { post: i % 4 === 3 ? other : post, text };
        const result = await graphql({ schema, source, rootValue: resolvers(side), variableValues });
        assert.deepEqual(result.errors, undefined);
      }
      const mine = texts.filter((_, i) => i % 4 !== 3);
      assert.deepEqual((await one.take(mine.length)).sort(), mine.sort());
      assert.deepEqual((await any.take(texts.length)).sort(), texts.sort());
      here.unsubscribe(probe);
      there.unsubscribe(probeAny);
      await Promise.all([one.end(), any.end()]);
    },
    async finish() {
      await Promise.all(sides.map((side) => side.close()));
      return `${delivered} comments delivered`;
    },
  };
});
