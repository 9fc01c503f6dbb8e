// Builds a commander command from a table of options, so that the flags are exactly the table's. Commander only
// splits the command line: values are judged in settings.ts, whichever of the three sources they come from.
import { Command, Option as Flag } from 'commander';
import { flagName, type Options, type Settings, settle, variableName } from './settings.js';

/** A command of `towline`. */
export interface Program<O extends Options> {
  name: string;
  /** One line for `towline --help`. */
  summary: string;
  /** What follows the name, such as `<group>`; each must be given. */
  operands?: readonly string[];
  options: O;
  /** Whether it takes `--config FILE`, and the keys such a file may hold for others. */
  config?: { foreign?: RegExp };
  /** Does the work; the result is the exit code. @throws UsageError, Failure */
  run(settings: Settings<O>, operands: readonly string[]): Promise<number>;
}

/** The commander command of a program; `done` gets its exit code. */
export function commandOf<O extends Options>(program: Program<O>, done: (code: number) => void): Command {
  const command = new Command(program.name).description(program.summary).allowExcessArguments(false);
  for (const operand of program.operands ?? []) command.argument(operand);
  if (program.config)
    command.option('--config <file>', 'file of settings; flags and environment win over it');
  for (const [name, option] of Object.entries(program.options)) {
    const value = option.bare ? '' : ' <value>';
    const initial = option.initial === null ? (option.required ? 'required' : 'none') : option.initial;
    const note = option.bare ? variableName(name) : `default: ${initial}; ${variableName(name)}`;
    command.addOption(new Flag(`--${flagName(name)}${value}`, `${option.meaning} (${note})`));
  }
  command.action(async (...all: unknown[]) => {
    // Commander gives the operands, then the flags, then the command itself.
    const { config, ...given } = all.at(-2) as Record<string, string | boolean | undefined>;
    const settings = await settle(program.options, {
      flags: given,
      environment: process.env,
      file: typeof config === 'string' ? config : undefined,
      foreign: program.config?.foreign,
    });
    done(await program.run(settings, all.slice(0, -2).map(String)));
  });
  return command;
}
