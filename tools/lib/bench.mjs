import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './run.mjs';

/**
 * Builds a program of bench/ for Node and returns its path.
 * @param {string} name of bench/<name>.ts
 * @param {object} [options]
 * @param {string} [options.outDir]
 * @param {boolean} [options.alone] with all packages built in but Dawn, which is a native module
 */
export async function buildBench(name, { outDir = join(root, '.cache', 'bench'), alone = false } = {}) {
  const source = join(root, 'bench', `${name}.ts`);
  if (!existsSync(source)) throw new Error(`bench/ has no ${name}.ts`);
  await build({
    configFile: join(root, 'vite.cli.config.ts'),
    logLevel: 'warn',
    // TensorFlow.js' modules import each other in a way that bundlers resolve and Node does not.
    ssr: { noExternal: alone || [/^@tensorflow\//] },
    build: {
      ssr: source,
      outDir,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: `${name}.js` } },
    },
  });
  return join(outDir, `${name}.js`);
}
