// A server that misbehaves on purpose: shakes hands properly (unless told not to), then does what the test says.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { JuteReader, JuteWriter } from '../../src/zookeeper/embedded/jute.js';
import { FrameSplitter } from '../../src/zookeeper/frames.js';

export interface FakeRequest {
  xid: number;
  type: number;
  body: JuteReader;
  socket: Socket;
}
export interface FakeServer {
  address: string;
  /** Requests seen, pings (type 11) included. */
  requests: { xid: number; type: number }[];
  close(): Promise<void>;
}

/** A reply: header, and whatever body follows. */
export function reply(xid: number, err: number): JuteWriter {
  return new JuteWriter().int(xid).long(1n).int(err);
}

/** Starts it. `greet` answers the handshake; `answer` every later request. */
export async function startFake(
  answer: (request: FakeRequest) => void,
  greet: (socket: Socket) => void = (socket) =>
    socket.write(new JuteWriter().int(0).int(2000).long(7n).buffer(Buffer.alloc(16, 7)).frame()),
): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const requests: { xid: number; type: number }[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const frames = new FrameSplitter(1 << 20);
    let greeted = false;
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) {
        if (!greeted) {
          greeted = true;
          greet(socket);
          continue;
        }
        const body = new JuteReader(frame, 4);
        const [xid, type] = [body.int(), body.int()];
        requests.push({ xid, type });
        answer({ xid, type, body, socket });
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers what a healthy server would to pings and to the client's barrier; true when it did. */
export function answerBasics({ xid, type, socket }: FakeRequest): boolean {
  if (type === 11) socket.write(reply(-2, 0).frame());
  else if (type === 14) {
    socket.write(reply(xid, 0).int(13).bool(false).int(0).int(-1).bool(true).int(-1).frame());
  } else if (type === -11) socket.end(reply(xid, 0).frame());
  else return false;
  return true;
}
