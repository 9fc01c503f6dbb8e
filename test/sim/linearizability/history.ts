// What clients saw: operations with the moments of call and return, and a recorder that orders those moments.
// Must never guess an outcome: what a client did not learn is written down as unknown.

/**
 * One operation of one client. Times are positions on any common scale; only their order counts, and an
 * operation that returns at the very moment another is called counts as concurrent with it.
 */
export interface Operation<I, O> {
  client: string | number;
  call: number;
  /** null: outcome unknown. It may take effect at any moment after `call`, or never. */
  return: number | null;
  input: I;
  /** undefined exactly when `return` is null. */
  output: O | undefined;
}

/** How one recorded operation ended. Only the first call of the three counts. */
export interface Recording<O> {
  /** The client read this reply. */
  done(output: O): void;
  /** The client learned nothing: connection lost, timed out, -UNCERTAIN. */
  unknown(): void;
  /** The server said that nothing was executed: the operation leaves the history. */
  refused(): void;
}

/** Records a history; the moments are a counter of its own, so events within one virtual tick keep their order. */
export class Recorder<I, O> {
  #clock = 0;
  #operations = new Set<Operation<I, O>>();

  /** Writes down the call; to be made right before the client sends. */
  call(client: string | number, input: I): Recording<O> {
    const operation: Operation<I, O> = {
      client,
      call: this.#clock++,
      return: null,
      input,
      output: undefined,
    };
    this.#operations.add(operation);
    let open = true;
    const once = (end: () => void) => () => {
      if (open) end();
      open = false;
    };
    return {
      done: (output) =>
        once(() => {
          operation.return = this.#clock++;
          operation.output = output;
        })(),
      unknown: once(() => {}),
      refused: once(() => this.#operations.delete(operation)),
    };
  }

  /** The history so far; operations still open count as unknown. Copies, so that recording may go on. */
  history(): Operation<I, O>[] {
    return [...this.#operations].map((operation) => ({ ...operation }));
  }
}
