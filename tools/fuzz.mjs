// Tries mutated inputs on everything that reads a model's files, 10,000 of them or as many as told:
// node tools/fuzz.mjs [how many]. They depend on their numbers alone; the unit tests try the first few of each kind.
import { ensurePackages } from './lib/install.mjs';
import { bin, run } from './lib/run.mjs';

const [mutations = '10000'] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(mutations)) {
  console.error(`How many mutations? ${mutations} is no number.`);
  process.exit(2);
}
await ensurePackages((line) => console.log(line));
const args = [bin('vitest'), 'run', '--project=unit', 'tests/unit/fuzz', '--reporter=verbose'];
const { code } = await run(process.execPath, args, { env: { TUNESMITH_FUZZ: mutations } });
process.exitCode = code;
