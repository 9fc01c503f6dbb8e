// How V8 collects garbage in the process of a role. It marks what is alive beside the program, in threads of its own, and
// stops the program at the end until those have come to theirs; what is young it copies with threads that help, and
// stops the program until they are done. Where they have no processor to themselves, that is longer than the work takes.
// A program that makes little garbage gets little room before the next collection, a fifth of what is alive or less: when
// it suddenly makes much, as when keys move to another group, it is held up by several. Where that costs little memory
// the heap may double instead.
// Must be called before there is anything to collect.
import { availableParallelism } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** A cluster's processes share the machine: on so few processors a collector's threads wait for one. */
const FEW_PROCESSORS = 4;
const THREADS = ['concurrent-marking', 'parallel-scavenge'];
/** Bytes in use up to which a heap may double. */
const SMALL_HEAP = 128 * 1024 * 1024;
const GROWING = 'heap-growing-percent';
/** How often the heap's size is looked at, ms. */
const LOOK_MS = 5000;

/** `--max-heap` for `--max_heap`: V8 takes both. */
function has(given: readonly string[], flag: string): boolean {
  return given.some((each) => each.replaceAll('_', '-').includes(flag));
}

/** The flags for a machine of so many processors. @param given what the process was started with: it is left as it is */
export function collectorFlags(processors: number, given: readonly string[]): string[] {
  if (processors > FEW_PROCESSORS) return [];
  return THREADS.filter((each) => !has(given, each)).map((each) => `--no-${each}`);
}

/** The flag for a heap that has so many bytes in use. 0: as V8 thinks best. */
export function growingFlag(usedBytes: number): string {
  return `--${GROWING}=${usedBytes <= SMALL_HEAP ? 100 : 0}`;
}

/** Sets them for this process. */
export function tuneCollector(): void {
  for (const flag of collectorFlags(availableParallelism(), process.execArgv)) setFlagsFromString(flag);
  if (has(process.execArgv, GROWING)) return;
  let set = '';
  const look = () => {
    const flag = growingFlag(getHeapStatistics().used_heap_size);
    if (flag !== set) setFlagsFromString(flag);
    set = flag;
  };
  look();
  setInterval(look, LOOK_MS).unref();
}
