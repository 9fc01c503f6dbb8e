// A real Redis for the tests that compare: on a Unix socket in a folder of its own, so that no port can be taken.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running redis-server; stop() it. */
export class Redis {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly path: string,
  ) {}

  /** Starts one and waits until it answers. @throws Error with its output when it ends instead. */
  static async start(...options: string[]): Promise<Redis> {
    const folder = mkdtempSync(join(tmpdir(), 'towline-redis-'));
    const path = join(folder, 's');
    const child = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder, ...options],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const look = (text: Buffer) => {
        output += text.toString();
        if (output.includes('ready to accept connections')) resolve();
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`redis-server ended: ${output}`)));
    });
    return new Redis(child, folder, path);
  }

  /** A new connection. */
  socket(): Socket {
    return connect(this.path);
  }

  /**
   * Sends bytes, then (unless `last`, when it must close) PING, and collects replies until the PING is answered or
   * Redis closes. All in one write: a write to a closed connection would lose what was said.
   * @returns what was said before the PING's answer, and whether the connection was closed instead.
   */
  say(bytes: Buffer, last: boolean): Promise<{ said: string; closed: boolean }> {
    const socket = this.socket();
    const pong = '$9\r\nthe-probe\r\n';
    const probe = Buffer.from('*2\r\n$4\r\nPING\r\n$9\r\nthe-probe\r\n');
    let said = '';
    return new Promise((resolve) => {
      const done = (closed: boolean) => {
        socket.destroy();
        resolve({ said: said.replace(pong, ''), closed });
      };
      socket.on('data', (chunk) => {
        said += chunk.toString('latin1');
        if (said.endsWith(pong)) done(false);
      });
      socket.on('error', () => {});
      socket.on('close', () => done(true));
      socket.write(last ? bytes : Buffer.concat([bytes, probe]));
    });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
