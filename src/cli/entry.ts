// What bin/towline.js runs: the command line, then the process ends with its exit code, even if a handle is left.
import { main } from './main.js';

process.exitCode = await main(process.argv);
// A pipe may still hold what was written; exit only when it has taken all.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
