// Commands as bytes: every kind of argument, numbers above all, which are written without a text being made of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Argument, CommandWriter, encodeCommand } from '../../src/resp/index.js';

/** The same, said slowly. */
function slowly(args: readonly Argument[]): string {
  const texts = args.map((arg) => (typeof arg === 'object' ? arg.toString('latin1') : String(arg)));
  return `*${args.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`;
}

const EDGES = [0, -0, 1, 9, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53, 2 ** 70];
const ODD = [-1, -10, 1.5, -0.25, 1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY];

test('numbers are written as String() has them', () => {
  for (const n of [...EDGES, ...ODD])
    assert.equal(encodeCommand([n]).toString('latin1'), slowly([n]), `${n}`);
  for (let power = 1; power < 16; power++) {
    for (const n of [10 ** power - 1, 10 ** power, 10 ** power + 1])
      assert.equal(encodeCommand([n, n]).toString('latin1'), slowly([n, n]));
  }
});

test('any arguments, one command behind the other', () => {
  const text = fc.string().map((each) => Buffer.from(each).toString('latin1'));
  const argument = fc.oneof(
    text,
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt(),
    text.map((each) => Buffer.from(each, 'latin1')),
  );
  fc.assert(
    fc.property(fc.array(fc.array(argument, { minLength: 1 })), (commands) => {
      const out = new CommandWriter();
      for (const command of commands) out.command(command);
      assert.equal(out.end().toString('latin1'), commands.map(slowly).join(''));
    }),
  );
});
