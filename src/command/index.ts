export { describe } from './describe.js';
export { compatibilityPage } from './docs.js';
export { globMatch } from './glob.js';
export { writeHelp } from './help.js';
export { databasesOf, firstKey, keysOf, lastKey } from './keys.js';
export { arityOk, refusal, resolve } from './resolve.js';
export type { ArgumentDoc, CommandFlag, CommandRow, KeyRange, KeySpec, Split, Where } from './row.js';
export { find, findRequest, findText, LEAVES, ROWS } from './table.js';
export { UNSUPPORTED, unsupportedGroup } from './unsupported.js';
