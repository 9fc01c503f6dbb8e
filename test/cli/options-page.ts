// docs/options.md as it should be: made from the table of options, so that it cannot say anything else.
import { DATA, ROUTER, ZK } from '../../src/cli/options.js';
import { fileKey, flagName, type Options, variableName } from '../../src/cli/settings.js';
import {
  RING_ADD,
  RING_CHANGE,
  RING_DRAIN,
  RING_SHOW,
  STATUS,
  TOUR,
  UP,
  WORKLOAD,
} from '../../src/cli/tool-options.js';

const COMMANDS: { name: string; options: Options; file?: string }[] = [
  { name: 'up', options: UP },
  { name: 'router', options: ROUTER, file: 'conf/router.yaml' },
  { name: 'data', options: DATA, file: 'conf/data.yaml' },
  { name: 'zk', options: ZK, file: 'conf/zoo.cfg' },
  { name: 'status', options: STATUS },
  { name: 'workload', options: WORKLOAD },
  { name: 'tour', options: TOUR },
  { name: 'ring show', options: RING_SHOW },
  { name: 'ring add GROUP', options: RING_ADD },
  {
    name: 'ring remove GROUP, ring weight GROUP WEIGHT, ring abandon GROUP --accept-loss',
    options: RING_CHANGE,
  },
  { name: 'ring drain', options: RING_DRAIN },
];

/** The commands that read a file, with the file that documents their keys. */
export const WITH_FILE = COMMANDS.filter((command) => command.file !== undefined);

function section({ name, options, file }: (typeof COMMANDS)[number]): string {
  const rows = Object.entries(options).map(([option, about]) => {
    const { meaning, example, initial, required } = about;
    const key = file === undefined ? '' : ` \`${fileKey(option, about)}\` |`;
    const value = initial === null ? (required ? 'required' : 'none') : `\`${initial}\``;
    return `| \`--${flagName(option)}\` | \`${variableName(option)}\` |${key} ${meaning} | \`${example}\` | ${value} |`;
  });
  const column = file === undefined ? '' : ` key in \`${file}\` |`;
  const line = file === undefined ? '' : ' --- |';
  return [
    `## towline ${name}`,
    '',
    `| flag | environment |${column} meaning | example | default |`,
    `| --- | --- |${line} --- | --- | --- |`,
    ...rows,
    '',
  ].join('\n');
}

/** The page. */
export function optionsPage(): string {
  return [
    '# Options',
    '',
    'Flags win over the environment, the environment wins over the file given with `--config FILE`, the file wins over',
    'the default. What is unknown or not valid ends the command with a message and exit code 2. This page is made from',
    '`src/cli/*options.ts`: after a change there, run `UPDATE=1 node dist/test/run.js cli/options.test.js`.',
    '',
    ...COMMANDS.map(section),
  ].join('\n');
}
