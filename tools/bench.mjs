// Builds a program of bench/ and runs it on Dawn: node tools/bench.mjs base_cache
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { root, run } from './lib/run.mjs';
import { vulkanEnvironment } from './lib/vulkan.mjs';

/** @param {string} line */
const log = (line) => process.stderr.write(`${line}\n`);

const [name = ''] = process.argv.slice(2);
const source = join(root, 'bench', `${name}.ts`);
if (!existsSync(source)) throw new Error(`bench/ has no ${name}.ts`);
const outDir = join(root, '.cache', 'bench');
await build({
  configFile: join(root, 'vite.cli.config.ts'),
  logLevel: 'warn',
  build: {
    ssr: source,
    outDir,
    emptyOutDir: false,
    rolldownOptions: { output: { entryFileNames: `${name}.js` } },
  },
});
const scratch = await mkdtemp(join(tmpdir(), 'tunesmith-bench-'));
try {
  const env = await vulkanEnvironment(log);
  process.exitCode = (await run(process.execPath, [join(outDir, `${name}.js`), scratch], { env })).code;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
