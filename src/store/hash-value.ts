// A hash: fields in the order in which they came, each with a value. Decides what it costs in memory and when it
// stops being small; knows nothing of commands. Changed in place: copies share no Map.
import type { ElementOrder } from './element-order.js';
import type { Scanned } from './element-scan.js';
import type { Collection, StringValue } from './entry.js';
import { Listing } from './hash-listing.js';
import { isPacked, markOf, pack, unpack } from './packed.js';
import type { Gathering } from './piecewise.js';
import { SplitMap } from './split-map.js';
import { heldBytes, textOf } from './value.js';

/** Redis's hash-max-listpack-entries and hash-max-listpack-value: beyond either, a hash is large, for ever. */
const SMALL_FIELDS = 512;
const SMALL_BYTES = 64;
/** Rough bytes of a hash, and of a field beside its name and value. */
const OVERHEAD = 96;
const FIELD_OVERHEAD = 64;

/** Fields are latin1 text, one character a byte. */
export class Hash implements Collection, Scanned {
  private map = new SplitMap<StringValue>();
  held = OVERHEAD;
  small = true;
  order: ElementOrder | null = null;
  private listing: Listing | null = null;

  get size(): number {
    return this.map.size;
  }
  has(field: string): boolean {
    return this.map.has(field);
  }
  get(field: string): StringValue | undefined {
    return this.map.get(field);
  }
  names(): IterableIterator<string> {
    return this.map.keys();
  }
  values(): IterableIterator<StringValue> {
    return this.map.values();
  }
  entries(): IterableIterator<[string, StringValue]> {
    return this.map.entries();
  }

  /** Sets a field. @returns whether it is new. */
  set(field: string, value: StringValue): boolean {
    const old = this.map.get(field);
    this.map.set(field, value);
    if (field.length > SMALL_BYTES || value.length > SMALL_BYTES) this.small = false;
    if (old !== undefined) {
      this.held += heldBytes(value) - heldBytes(old);
      return false;
    }
    this.held += FIELD_OVERHEAD + field.length + heldBytes(value);
    if (this.map.size > SMALL_FIELDS) this.small = false;
    this.order?.add(field);
    this.listing?.add(field);
    return true;
  }

  /** Removes a field. @returns whether it was there. */
  delete(field: string): boolean {
    const old = this.map.get(field);
    if (old === undefined) return false;
    this.map.delete(field);
    this.listing?.delete(field);
    this.held -= FIELD_OVERHEAD + field.length + heldBytes(old);
    return true;
  }

  /** Fields by number, 0 to size - 1; good until the next change. */
  lookUp(): (i: number) => string {
    if (this.small) {
      const names = [...this.map.keys()];
      return (i) => names[i]!;
    }
    const listing = (this.listing ??= new Listing(this.map.keys()));
    return (i) => listing.at(i);
  }

  copy(): Hash {
    const copy = new Hash();
    copy.map = this.map.copy();
    copy.held = this.held;
    copy.small = this.small;
    return copy;
  }

  /** Fields and values in turn; the mark says whether it is large. */
  dump(): Buffer {
    return pack(this.small ? 0 : 1, () => this.alternating());
  }

  private *alternating(): Generator<StringValue> {
    for (const [field, value] of this.map) {
      yield field;
      yield value;
    }
  }

  static restore(bytes: Buffer): Hash {
    const hash = new Hash();
    let field: StringValue | null = null;
    for (const each of unpack(bytes)) {
      if (field === null) field = each;
      else {
        hash.set(textOf(field), each);
        field = null;
      }
    }
    if (markOf(bytes) === 1) hash.small = false;
    return hash;
  }

  static accepts(bytes: Buffer): boolean {
    return isPacked(bytes, 1, 2);
  }

  /** Whether it is large, then fields and values in turn. */
  *parts(): Generator<StringValue> {
    yield this.small ? '0' : '1';
    yield* this.alternating();
  }

  static gather(): Gathering<Hash> {
    const hash = new Hash();
    let mark: StringValue | null = null;
    let field: StringValue | null = null;
    return {
      take: (part) => {
        if (mark === null) {
          mark = part;
          if (part === '1') hash.small = false;
        } else if (field === null) field = part;
        else {
          hash.set(textOf(field), part);
          field = null;
        }
        return true;
      },
      whole: () => (field === null && hash.size > 0 ? hash : null),
    };
  }
}
