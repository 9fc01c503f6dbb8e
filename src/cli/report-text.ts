// A status report as text for people. Only words and columns: report.ts decides what is in it.
import { drainText } from '../net/drain.js';
import { MAX_HISTORY } from '../ring/index.js';
import type { MemberReport, Report } from './report.js';

/** Bytes as people say them: 512 B, 1.5 MiB. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

/** Rows as lines, padded so that the cells stand below each other. */
export function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function memberRow(member: MemberReport, inSync: string[]): string[] {
  const { id, role, state, address, pid, keys, bytes, seq } = member;
  const number = (value: number | null) => (value === null ? '-' : String(value));
  return [
    `  ${id}`,
    role,
    inSync.includes(id) ? 'in sync' : '-',
    state,
    address,
    String(pid),
    number(keys),
    bytes === null ? '-' : sizeText(bytes),
    number(seq),
  ];
}

const PLACES = {
  owner: '',
  draining: ', removed from the ring, keys left: do not stop it yet',
  released: ', released: its processes may be stopped',
  abandoned: ', abandoned: its processes may be stopped',
  none: ', not in the ring',
};

/** The report as lines, with an end of line each. */
export function reportText({ ring, drain, groups, routers }: Report): string {
  const names = ring.groups.map(({ id, weight }) => (weight === 1 ? id : `${id} (weight ${weight})`));
  const lines = [`ring version ${ring.version}: ${names.join(', ') || 'no groups'}`];
  if (ring.history.length > 0) {
    const earlier = ring.history.map((list) => list.map(({ id }) => id).join('+') || 'none');
    lines.push(`  earlier groups whose keys have not all moved: ${earlier.join(', then ')}`);
    lines.push(
      `  ${ring.history.length} of at most ${MAX_HISTORY} earlier lists left; ${drainText(drain, ring.version)}`,
    );
  }
  for (const { id, epoch, state, ring: standing, primary, inSync, members } of groups) {
    // What is not in the ring is not missed.
    if (members.length === 0 && (standing === 'released' || standing === 'abandoned')) {
      lines.push('', `group ${id}: ${standing}, no processes`);
      continue;
    }
    const word = state === 'lost' || state === 'forgotten' ? state.toUpperCase() : state;
    const place = PLACES[standing];
    lines.push('', `group ${id}: ${word}, epoch ${epoch}, primary ${primary ?? 'none'}${place}`);
    const head = ['  member', 'role', 'in sync', 'state', 'address', 'pid', 'keys', 'memory', 'seq'];
    lines.push(...columns([head, ...members.map((member) => memberRow(member, inSync))]));
    for (const member of members)
      if (member.error !== null) lines.push(`  ERROR ${member.id}: ${member.error}`);
    const gone = inSync.filter((one) => !members.some((member) => member.id === one));
    if (gone.length > 0) lines.push(`  in sync but not registered: ${gone.join(', ')}`);
    if (state === 'lost' && standing !== 'released' && standing !== 'abandoned') {
      lines.push(
        `  to give its data up: start a data node, then towline group reset ${id} --accept-data-loss`,
      );
    }
  }
  lines.push('', `routers: ${routers.length}`);
  if (routers.length > 0) {
    lines.push(...columns(routers.map(({ id, address, pid }) => [`  ${id}`, address, `pid ${pid}`])));
  }
  return `${lines.join('\n')}\n`;
}
