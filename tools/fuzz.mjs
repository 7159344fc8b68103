// Feeds mutated inputs to all readers of a model's files: node tools/fuzz.mjs [count, default 10,000]. An input depends
// only on its number; the unit tests use the first few of each kind.
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
