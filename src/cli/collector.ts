// How V8 collects garbage in the process of a role. It marks what is alive beside the program, in threads of its own, and
// stops the program at the end until those have come to theirs: where they have no processor to themselves, that is
// longer than the marking takes. Must be called before there is anything to collect.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** A cluster's processes share the machine: on so few processors a collector's threads wait for one. */
const FEW_PROCESSORS = 4;
const FLAG = 'concurrent-marking';

/** The flags for a machine of so many processors. @param given what the process was started with: it is left as it is */
export function collectorFlags(processors: number, given: readonly string[]): string[] {
  const said = given.some((flag) => flag.replaceAll('_', '-').includes(FLAG));
  return processors > FEW_PROCESSORS || said ? [] : [`--no-${FLAG}`];
}

/** Sets them for this process. */
export function tuneCollector(): void {
  for (const flag of collectorFlags(availableParallelism(), process.execArgv)) setFlagsFromString(flag);
}
