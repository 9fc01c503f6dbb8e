// A network of namespaces: each data node in one of its own, joined by a bridge, so that packets can be dropped by
// rules between any two of them. Everything made here is removed again; nothing of the machine's own is changed.
import { execFileSync } from 'node:child_process';

function run(command: string, args: string[], input?: string): void {
  execFileSync(command, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'], input });
}

/** Why this machine allows no namespaces; null: it does. */
export function whyNoNamespaces(): string | null {
  const name = `tlprobe${process.pid}`;
  try {
    run('ip', ['netns', 'add', name]);
  } catch (error) {
    return `ip netns: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`;
  }
  try {
    // The rule for packet loss asks for most.
    run('ip', ['netns', 'exec', name, 'nft', '-f', '-'], table(['numgen random mod 100 < 1 drop'], []));
    run('ip', ['link', 'add', `${name}b`, 'type', 'bridge']);
    run('ip', ['link', 'del', `${name}b`]);
    run('ip', ['link', 'add', `${name}v`, 'type', 'veth', 'peer', 'name', `${name}w`]);
    run('ip', ['link', 'del', `${name}v`]);
    return null;
  } catch (error) {
    return (error as Error).message.split('\n').slice(0, 2).join(' ');
  } finally {
    run('ip', ['netns', 'del', name]);
  }
}

function table(input: readonly string[], output: readonly string[]): string {
  const chain = (hook: string, rules: readonly string[]) =>
    ` chain ${hook} {\n  type filter hook ${hook} priority 0;\n${rules.map((rule) => `  ${rule}\n`).join('')} }\n`;
  return `table inet towline {\n${chain('input', input)}${chain('output', output)}}\n`;
}

interface Space {
  name: string;
  host: string;
}

/** Namespaces on one bridge. Addresses are 10.x.y.0/24, of which .1 is this machine. */
export class Network {
  readonly gateway: string;
  private readonly bridge = `tlb${process.pid}`;
  private readonly spaces = new Map<string, Space>();
  private readonly prefixOfAddress: string;
  private readonly closeNow = () => this.remove();

  constructor() {
    this.prefixOfAddress = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) % 250}`;
    this.gateway = `${this.prefixOfAddress}.1`;
    process.once('exit', this.closeNow);
    run('ip', ['link', 'add', this.bridge, 'type', 'bridge']);
    run('ip', ['addr', 'add', `${this.gateway}/24`, 'dev', this.bridge]);
    run('ip', ['link', 'set', this.bridge, 'up']);
  }

  /** Makes a namespace for the node. @returns its address */
  async add(node: string): Promise<string> {
    const n = this.spaces.size + 2;
    const name = `tl${process.pid}-${n}`;
    const host = `${this.prefixOfAddress}.${n}`;
    const [outer, inner] = [`tlo${process.pid}.${n}`.slice(0, 15), `tli${process.pid}.${n}`.slice(0, 15)];
    run('ip', ['netns', 'add', name]);
    this.spaces.set(node, { name, host });
    run('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', inner]);
    run('ip', ['link', 'set', outer, 'master', this.bridge, 'up']);
    run('ip', ['link', 'set', inner, 'netns', name]);
    this.inside(node, 'ip', ['addr', 'add', `${host}/24`, 'dev', inner]);
    this.inside(node, 'ip', ['link', 'set', inner, 'up']);
    this.inside(node, 'ip', ['link', 'set', 'lo', 'up']);
    return host;
  }

  /** What to put before a command so that it runs at the node. */
  prefix(node: string): string[] {
    return ['ip', 'netns', 'exec', this.space(node).name];
  }

  /** Nothing enters or leaves the node. */
  cut(node: string): void {
    this.rules(node, ['iif != "lo" drop'], ['oif != "lo" drop']);
  }

  /** Nothing passes between the two. */
  cutPair(node: string, other: string): void {
    const host = this.host(other);
    this.rules(node, [`ip saddr ${host} drop`], [`ip daddr ${host} drop`]);
  }

  /** What the node sends to the other vanishes; what the other sends arrives. */
  cutOneWay(node: string, other: string): void {
    this.mute(node, [other], false);
  }

  /** What the node sends to the others vanishes; with `reset`, its connections to them end, with what they still hold. */
  mute(node: string, others: readonly string[], reset: boolean): void {
    const hosts = others.map((other) => this.host(other)).join(', ');
    const verdict = reset ? 'meta l4proto tcp reject with tcp reset' : 'drop';
    this.rules(node, [], [`ip daddr { ${hosts} } ${verdict}`]);
  }

  /** Nothing passes between the node and the ports named on this machine. */
  cutPorts(node: string, ports: readonly number[]): void {
    const set = `{ ${ports.join(', ')} }`;
    const far = this.gateway;
    this.rules(node, [`ip saddr ${far} tcp sport ${set} drop`], [`ip daddr ${far} tcp dport ${set} drop`]);
  }

  /** Of every hundred packets that arrive at the node, so many are lost. */
  lose(node: string, percent: number): void {
    const rule = `numgen random mod 100 < ${percent} drop`;
    this.rules(node, [`iif != "lo" ${rule}`], []);
  }

  /** Connections to one port of the node are made to another one instead. */
  redirect(node: string, port: number, to: number): void {
    const rules = `table ip towline {\n chain prerouting {\n  type nat hook prerouting priority -100;\n  tcp dport ${port} redirect to :${to}\n }\n}\n`;
    this.heal(node);
    this.inside(node, 'nft', ['-f', '-'], rules);
  }

  /** Everything passes again. */
  heal(node: string): void {
    this.inside(node, 'nft', ['flush', 'ruleset']);
  }

  async close(): Promise<void> {
    process.off('exit', this.closeNow);
    this.remove();
  }

  private rules(node: string, input: readonly string[], output: readonly string[]): void {
    this.heal(node);
    this.inside(node, 'nft', ['-f', '-'], table(input, output));
  }

  private space(node: string): Space {
    return this.spaces.get(node)!;
  }
  private host(node: string): string {
    return this.space(node).host;
  }
  private inside(node: string, command: string, args: string[], input?: string): void {
    run('ip', ['netns', 'exec', this.space(node).name, command, ...args], input);
  }

  private remove(): void {
    for (const { name } of this.spaces.values()) {
      try {
        run('ip', ['netns', 'del', name]);
      } catch {}
    }
    this.spaces.clear();
    try {
      run('ip', ['link', 'del', this.bridge]);
    } catch {}
  }
}
