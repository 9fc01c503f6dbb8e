// How V8 collects garbage in the process of a role. It marks what is alive beside the program, in threads of its own, and
// stops the program at the end until those have come to theirs; what is young it copies with threads that help, and
// stops the program until they are done. Where they have no processor to themselves, that is longer than the work takes.
// Must be called before there is anything to collect.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** A cluster's processes share the machine: on so few processors a collector's threads wait for one. */
const FEW_PROCESSORS = 4;
const THREADS = ['concurrent-marking', 'parallel-scavenge'];

/** The flags for a machine of so many processors. @param given what the process was started with: it is left as it is */
export function collectorFlags(processors: number, given: readonly string[]): string[] {
  if (processors > FEW_PROCESSORS) return [];
  const said = given.map((flag) => flag.replaceAll('_', '-'));
  return THREADS.filter((each) => !said.some((flag) => flag.includes(each))).map((each) => `--no-${each}`);
}

/** Sets them for this process. */
export function tuneCollector(): void {
  for (const flag of collectorFlags(availableParallelism(), process.execArgv)) setFlagsFromString(flag);
}
