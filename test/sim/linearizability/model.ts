// The sequential specification that a history is held against.
// A model decides what one operation does alone; it must never know of time, clients or concurrency.

/** What one operation does to a state: whether its output fits, and the state after it. */
export interface Outcome<S> {
  ok: boolean;
  state: S;
}

/** States are values: `step` returns a new one (or the same one, unchanged) and never alters its argument. */
export interface Model<S, I, O> {
  name: string;
  init(): S;
  /** `output` undefined: unknown outcome; the step is then taken as executed and is always ok. */
  step(state: S, input: I, output: O | undefined): Outcome<S>;
  /** Equal strings exactly for equal states. */
  key(state: S): string;
  /** Every key that the operation reads or writes. Its step must depend on, and change, nothing else. */
  keys(input: I): readonly string[];
  /** True only if the operation, having this output, cannot change any state. Reads are placed without search. */
  readOnly(input: I, output: O | undefined): boolean;
  /** One line for people, in an excerpt. */
  describe(input: I, output: O | undefined): string;
}
