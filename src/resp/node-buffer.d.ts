// Methods that Node has on Buffer since 2010, documents nowhere, and that its own toString('latin1') calls.
// They spare the hot path the look-up of the encoding by name.
declare global {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    latin1Write(text: string, offset?: number, length?: number): number;
  }
}

export {};
