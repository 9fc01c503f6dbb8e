// What one group's members hold, term by term, as messages show it, and what has been promised: an entry that a reply
// spoke of is part of every later primary's log (R9). The ground for R3 to R10.
import type { GroupConfig } from '../../src/commit/index.js';
import type { Cluster, NodePlace } from './cluster.js';
import { appendedBy, primaryIn } from './insides.js';
import { type Entry, entryFrom, entryOfBytes, Line, type TxnLog } from './line.js';
import type { EntryMessage, Replication } from './streams.js';
import { Violation } from './world.js';

/** One member, under one id. */
interface Member {
  id: string;
  /** Entries from the first on, without a hole. */
  contents: Entry[];
  /** Not listed any more, and it has not begun anew since. */
  removed: boolean;
  /** Newest term followed, and the connection that its log comes by. */
  term: number;
  lane: Replication | null;
  /** How much of `line` its contents are equal to: a lower bound, worked out as needed. */
  matched: number;
  line: Line | null;
}

export class GroupWatch {
  private readonly members = new Map<string, Member>();
  /** By term. */
  private readonly lines = new Map<number, Line>();
  /** The newest term's. */
  private newest: Line | null = null;
  /** Entries that somebody was told of, as a promise. */
  private promised: Entry[] = [];
  /** The longest beginning of the newest log that was on enough members at some time (R4). */
  private sure: Entry[] = [];
  /** Term -> id of the primary that ZooKeeper's configuration named. */
  private readonly leaders = new Map<number, string>();
  /** What had been promised of transactions when the group was lost, before it began anew. */
  readonly before = new Map<string, TxnLog>();
  /** Times that it began anew. */
  resets = 0;

  /** @param decided hears of every outcome that a primary logs, once */
  constructor(
    private readonly cluster: Cluster,
    readonly group: string,
    private readonly decided: (line: Line, txn: string, commit: boolean) => void,
  ) {
    this.config(cluster.directory.config(group)!);
  }

  // ---- the configuration

  /** R3, R5: who may be listed, and who may take over. */
  changed(before: GroupConfig, next: GroupConfig): void {
    const { group } = this;
    const fresh = next.inSync.filter((id) => !before.inSync.includes(id));
    this.settle();
    if (next.created !== before.created) return this.reset(before, next);
    const spare = fresh.find((id) => {
      const place = this.cluster.member(id);
      return place !== undefined && !place.hotfix && place.wanted !== id;
    });
    if (spare !== undefined) throw new Violation(`${spare} is listed in ${group}, but nobody let it in`);
    if (next.term > before.term) {
      if (!before.inSync.includes(next.primary))
        throw new Violation(`R5: ${next.primary} takes over ${group}, but was not in sync`);
      if (fresh.length > 0) throw new Violation(`R5: a new primary of ${group} lists ${fresh}`);
    } else if (next.primary !== before.primary)
      throw new Violation(`R5: ${group} has another primary in the same term`);
    for (const id of before.inSync) if (!next.inSync.includes(id)) this.member(id).removed = true;
    for (const id of fresh) {
      const { contents: held, removed } = this.member(id);
      if (removed) throw new Violation(`R3: ${id} was removed from ${group}, and is back with what it held`);
      if (this.promised.some(({ hash }, i) => held[i]?.hash !== hash))
        throw new Violation(`R3: ${id} is listed in ${group} without all of its data`);
    }
    if (next.inSync.length === 0) throw new Violation(`R5: nobody is left in ${group}`);
    this.config(next);
  }
  /** R3, R5: an operator gave the group's data up, for nobody who has it lives. */
  private reset(before: GroupConfig, next: GroupConfig): void {
    const lives = (place?: NodePlace) => place?.host.alive && !place.failed;
    const alive = before.inSync.find((id) => lives(this.cluster.member(id)));
    if (alive !== undefined) throw new Violation(`R5: ${this.group} begins anew, but ${alive} lives`);
    if (next.created !== next.epoch) throw new Violation(`R3: ${this.group} began anew in another epoch`);
    const { promised } = this;
    const on = (entry?: { seq: number }) => entry !== undefined && entry.seq <= promised.length;
    for (const [txn, { prepare, outcome, never }] of this.newest?.txns ?? []) {
      const log = this.before.get(txn) ?? {};
      if (on(prepare)) log.prepare = prepare!;
      if (on(outcome)) log.outcome = outcome!;
      if (on(never)) log.never = never!;
      this.before.set(txn, log);
    }
    this.resets++;
    this.promised = [];
    this.sure = [];
    this.members.clear();
    this.config(next);
  }
  private config({ term, primary }: GroupConfig): void {
    this.leaders.set(term, primary);
  }

  // ---- what is held

  /** The log of the primary at this place, as far as it has got; null: none leads there. */
  lineAt(place: NodePlace): Line | null {
    const primary = primaryIn(place.node);
    if (primary === null) return null;
    let line = this.lines.get(primary.term);
    const appended = appendedBy(primary);
    if (line === undefined) line = this.begin(place.id, primary.term, appended.start);
    if (line.member !== place.id)
      throw new Violation(`R5: ${line.member} and ${place.id} both lead ${this.group} in term ${line.term}`);
    const inherited = this.member(line.member).contents.length;
    while (line.taken < appended.bytes.length) {
      const entry = entryOfBytes(appended.bytes[line.taken++]!);
      line.push(entry);
      if (entry.txn?.kind === 'outcome' && line.entries.length > inherited)
        this.decided(line, entry.txn.txn, entry.txn.commit);
    }
    this.inherits(line);
    return line;
  }
  private begin(id: string, term: number, start: number): Line {
    if (this.leaders.get(term) !== id)
      throw new Violation(`R5: ${id} leads ${this.group} in term ${term}, which ZooKeeper never said`);
    const line = new Line(this.group, term, id);
    const { contents } = this.member(id);
    if (start > contents.length)
      throw new Violation(`R9: ${id} begins to lead at ${start}, but holds ${contents.length} entries`);
    for (const entry of contents.slice(0, start)) line.push(entry);
    this.lines.set(term, line);
    if (this.newest === null || this.newest.term < term) this.newest = line;
    return line;
  }
  /** R9: a new primary keeps exactly its own prefix, and in it all that was ever promised. */
  private inherits(line: Line): void {
    if (line.checked) return;
    line.checked = true;
    const member = this.member(line.member);
    const { entries } = line;
    const lost = member.contents.findIndex(({ hash }, i) => entries[i]?.hash !== hash);
    if (lost >= 0)
      throw new Violation(
        `R9: ${line.member} leads ${this.group}, but not with the entry ${lost + 1} it held`,
      );
    // One that led before and is only seen now need not know what came later.
    if (line !== this.newest) return;
    const gone = this.promised.findIndex(({ hash }, i) => entries[i]?.hash !== hash);
    if (gone >= 0)
      throw new Violation(
        `R9: ${line.member} leads ${this.group} without entry ${gone + 1}, which was committed`,
      );
  }

  /** The newest primary's log, as far as it was looked at. */
  get current(): Line {
    for (const place of this.cluster.membersOf(this.group)) this.lineAt(place);
    return this.newest!;
  }

  /** Last seq of the line that every member holds which the configuration names, or may name (R4). */
  committed(line: Line): number {
    let all = line.entries.length;
    for (const id of this.cluster.directory.binding(this.group)) {
      if (id !== line.member) all = Math.min(all, this.matched(this.member(id), line));
    }
    return all;
  }
  /** Whether the entry is on every member; if so it counts as promised from now on. */
  promise(line: Line, seq: number): boolean {
    const { promised } = this;
    if (seq > promised.length) {
      if (seq > this.committed(line)) return false;
      if (!this.enough() && this.sure[seq - 1]?.hash !== line.entries[seq - 1]?.hash) return false;
      for (let i = promised.length; i < seq; i++) promised.push(line.entries[i]!);
    }
    return line.entries[seq - 1]?.hash === promised[seq - 1]?.hash;
  }
  /** What has been on enough members counts, also if fewer are left by the time that a client hears of it. */
  private settle(): void {
    const { newest, cluster } = this;
    if (cluster.shape.minInSync === 1 || newest === null || !this.enough()) return;
    const committed = this.committed(newest);
    if (this.sure.length > committed && this.sure[committed]?.hash === newest.entries[committed]?.hash)
      return;
    this.sure = newest.entries.slice(0, committed);
  }
  /** R4: as many members as a write needs, in every configuration that stands or may. */
  private enough(): boolean {
    const { directory, shape } = this.cluster;
    return directory.possible(this.group).every(({ inSync }) => inSync.length >= shape.minInSync);
  }
  /** R6: whoever says something to a router leads, and nobody else has been named since. */
  leads(place: NodePlace, what: () => string): Line {
    const line = this.lineAt(place);
    if (line === null) throw new Violation(`R6: ${place.id} leads nobody, and answers: ${what()}`);
    const { term, primary } = this.cluster.directory.config(this.group)!;
    if (term !== line.term)
      throw new Violation(`R6: ${place.id} of term ${line.term} answers, but ${primary} leads: ${what()}`);
    return line;
  }

  // ---- messages

  written(place: NodePlace, { term, seq, request }: EntryMessage): void {
    const line = this.lineAt(place);
    const known = line?.term === term ? line.entries[seq - 1] : undefined;
    if (known === undefined || known.hash !== entryFrom(request).hash)
      throw new Violation(`${this.group}: entry ${seq} of term ${term} is not what was logged`);
  }

  delivered(
    id: string,
    lane: Replication,
    followed: number | undefined,
    { term, seq, request }: EntryMessage,
  ): void {
    const member = this.member(id);
    // What comes over a connection that another one has replaced is not read, nor that of a term that was left behind.
    if (member.lane !== lane || term !== lane.term || followed !== term) return;
    const { contents } = member;
    const entry = entryFrom(request);
    if (seq === contents.length + 1) {
      contents.push(this.lines.get(term)?.entries[seq - 1] ?? entry);
    } else if (seq <= contents.length && contents[seq - 1]!.hash !== entry.hash)
      throw new Violation(`R9: ${id} is given entry ${seq} of term ${term}, and holds another one`);
  }

  held(id: string, lane: Replication, seq: number): void {
    const member = this.member(id);
    if (lane.term < member.term)
      throw new Violation(`R7: ${id} follows term ${lane.term} after ${member.term}`);
    if (lane !== member.lane) {
      member.lane = lane;
      member.term = lane.term;
      this.truncate(member, lane.head);
      if (seq > lane.head)
        throw new Violation(`R9: ${id} holds ${seq}, beyond the ${lane.head} of the new primary`);
    }
    this.settle();
    const had = member.contents.length;
    if (seq > had) throw new Violation(`R4: ${id} acknowledged ${seq}, but there is a hole after ${had}`);
  }

  syncBegan(id: string): void {
    this.truncate(this.member(id), 0);
    this.member(id).removed = false;
  }
  synced(id: string, term: number, seq: number): void {
    const entries = this.lines.get(term)?.entries ?? [];
    if (entries.length < seq) throw new Violation(`${id} was synced up to ${seq} of ${entries.length}`);
    this.member(id).contents = entries.slice(0, seq);
  }

  private truncate(member: Member, length: number): void {
    if (member.contents.length <= length) return;
    member.contents.length = length;
    member.matched = Math.min(member.matched, length);
  }
  private matched(member: Member, line: Line): number {
    if (member.line !== line) {
      member.line = line;
      member.matched = 0;
    }
    const { contents } = member;
    while (
      member.matched < contents.length &&
      contents[member.matched]!.hash === line.entries[member.matched]?.hash
    )
      member.matched++;
    return member.matched;
  }
  private member(id: string): Member {
    let member = this.members.get(id);
    if (member === undefined) {
      member = { id, contents: [], removed: false, term: 0, lane: null, matched: 0, line: null };
      this.members.set(id, member);
    }
    return member;
  }
}
