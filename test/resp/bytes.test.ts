// ByteWriter: what is taken is what was appended, and stays so.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteWriter } from '../../src/resp/index.js';

type Step =
  | { do: 'bytes' | 'range'; bytes: Uint8Array }
  | { do: 'latin1'; text: string }
  | { do: 'byte'; value: number }
  | { do: 'take' | 'clear' | 'copy' }
  | { do: 'truncate'; to: number };

const sizes = fc.oneof(fc.nat(100), fc.constantFrom(24, 25, 64, 65, 16_383, 16_384, 16_385, 70_000));
const bytes = fc.tuple(sizes, fc.nat(255)).map(([size, fill]) => new Uint8Array(size).fill(fill));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('bytes' as const, 'range' as const), bytes }),
  fc.record({ do: fc.constant('latin1' as const), text: sizes.map((size) => '\u00fe'.repeat(size)) }),
  fc.record({ do: fc.constant('byte' as const), value: fc.nat(255) }),
  fc.record({ do: fc.constantFrom('take' as const, 'clear' as const, 'copy' as const) }),
  fc.record({ do: fc.constant('truncate' as const), to: fc.nat() }),
);

describe('ByteWriter', () => {
  it('behaves as a list of bytes', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const writer = new ByteWriter();
        let model = Buffer.alloc(0);
        const taken: { got: Buffer; wanted: Buffer }[] = [];
        for (const each of steps) {
          switch (each.do) {
            case 'bytes':
              writer.bytes(each.bytes);
              model = Buffer.concat([model, each.bytes]);
              break;
            case 'range': {
              const { length } = each.bytes;
              writer.range(each.bytes, Math.floor(length / 3), length);
              model = Buffer.concat([model, each.bytes.subarray(Math.floor(length / 3))]);
              break;
            }
            case 'latin1':
              writer.latin1(each.text);
              model = Buffer.concat([model, Buffer.from(each.text, 'latin1')]);
              break;
            case 'byte':
              writer.byte(each.value);
              model = Buffer.concat([model, Buffer.from([each.value])]);
              break;
            case 'take':
              taken.push({ got: writer.take(), wanted: model });
              model = Buffer.alloc(0);
              break;
            case 'copy':
              taken.push({
                got: writer.copy(Math.floor(model.length / 2)),
                wanted: model.subarray(model.length / 2),
              });
              break;
            case 'clear':
              writer.clear();
              model = Buffer.alloc(0);
              break;
            case 'truncate': {
              const to = each.to % (model.length + 1);
              writer.truncate(to);
              model = model.subarray(0, to);
            }
          }
          assert.equal(writer.length, model.length);
        }
        assert.ok(writer.view().equals(model));
        // What was given away is never changed by what was appended later.
        for (const { got, wanted } of taken) assert.ok(got.equals(wanted));
      }),
    );
  });
  it('hands large results over without a copy, and gives up a buffer that grew huge', () => {
    const writer = new ByteWriter();
    writer.bytes(Buffer.alloc(20_000, 1));
    const view = writer.view();
    assert.equal(writer.take().buffer, view.buffer);
    writer.bytes(Buffer.alloc(3 * 1024 * 1024));
    const huge = writer.view();
    writer.clear();
    writer.byte(1);
    assert.notEqual(writer.view().buffer, huge.buffer);
  });
});
