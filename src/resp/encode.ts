// Commands -> bytes, for the paths that build a command rather than pass one on.

/** An argument: latin1 text (one character a byte), a number, or bytes. */
export type Argument = string | number | bigint | Buffer;

/** A command as a RESP array of bulk strings. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts = args.map((arg) => (Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg), 'latin1')));
  const heads = parts.map((part) => `$${part.length}\r\n`);
  const first = `*${parts.length}\r\n`;
  let size = first.length;
  for (let i = 0; i < parts.length; i++) size += heads[i]!.length + parts[i]!.length + 2;
  const out = Buffer.allocUnsafe(size);
  let at = out.latin1Write(first, 0);
  for (let i = 0; i < parts.length; i++) {
    at += out.latin1Write(heads[i]!, at);
    at += parts[i]!.copy(out, at);
    out[at++] = 13;
    out[at++] = 10;
  }
  return out;
}
