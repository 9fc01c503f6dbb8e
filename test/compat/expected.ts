// Commands whose cases of resp-compatibility are expected to fail, each with the reason. One that fails nowhere any more
// fails the test, so that the table shrinks as commands come.

/** By first word of the line that fails. */
export const EXPECTED: Readonly<Record<string, string>> = {};
