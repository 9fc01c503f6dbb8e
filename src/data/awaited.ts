// What blocked clients wait for, as names of lines: a key, and of a stream the ID behind which entries are awaited or
// the consumer group. Says whether there is something; knows nobody who waits.
import { AWAITED, type Awaited } from '../command/index.js';
import { ProtocolError, type Request } from '../resp/index.js';
import { awaitsEntries, LIST, STREAM, type Store, ZSET } from '../store/index.js';

/** A value of the keyspace. */
type Entry = NonNullable<ReturnType<Store['peek']>>;

const TYPES: Readonly<Record<Awaited, number>> = { list: LIST, zset: ZSET, stream: STREAM, group: STREAM };

/** A key of a database. */
export const keyName = (db: number, key: string): string => `${db}:${key}`;

/** What one line is about. */
export class LineName {
  constructor(
    readonly type: Awaited,
    readonly db: number,
    readonly key: string,
    /** Of a stream: an ID; of a group: its name. */
    readonly detail: string,
  ) {}

  get keyName(): string {
    return keyName(this.db, this.key);
  }
  isOf(entry: Entry): boolean {
    return entry.type === TYPES[this.type];
  }

  /** The line's name. Readers of a stream take nothing from each other: each has a line of its own. */
  text(router: string, id: number): string {
    const { type, db, key, detail } = this;
    const own = type === 'stream' ? `@${router}.${id}` : '';
    return `${type}:${db}:${key.length}:${key}${detail}${own}`;
  }

  /** Undoes text(). */
  static parse(name: string): LineName {
    const type = name.indexOf(':');
    const db = name.indexOf(':', type + 1);
    const length = name.indexOf(':', db + 1);
    const end = length + 1 + Number(name.slice(db + 1, length));
    const rest = name.slice(end);
    const own = name.startsWith('stream') ? rest.indexOf('@') : rest.length;
    return new LineName(
      name.slice(0, type) as Awaited,
      Number(name.slice(type + 1, db)),
      name.slice(length + 1, end),
      rest.slice(0, own),
    );
  }
}

/** What a `TOWLINE.BLOCK id waited type (key detail)...` waits for. @throws ProtocolError */
export function awaitedIn(message: Request, db: number): LineName[] {
  const type = AWAITED.find((each) => each === message.text(3));
  if (type === undefined || message.argc < 6 || message.argc % 2 !== 0)
    throw new ProtocolError('message with a bad type');
  const all: LineName[] = [];
  for (let at = 4; at < message.argc; at += 2)
    all.push(new LineName(type, db, message.text(at), message.text(at + 1)));
  return all;
}

/**
 * Whether one that waits has something to come for, where a live key holds this. A group that is there no more, or a
 * key that is no stream any more, is something to be told; that there is no key is not: it may be on its way here.
 */
export function isThere(line: LineName, entry: Entry | undefined): boolean {
  if (entry === undefined) return false;
  if (line.type === 'list' || line.type === 'zset') return line.isOf(entry);
  if (!line.isOf(entry)) return line.type === 'group';
  return awaitsEntries(entry.value, line.type, line.detail);
}
