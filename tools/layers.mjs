// Checks that every file of src/ imports only from its own floor or from those below, that the files of bench/ import
// only what their rooms allow, and that imports form no cycle.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLayers } from './lib/layers.mjs';
import { root } from './lib/run.mjs';

const paths = ['src', 'bench']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|svelte)$/.test(path));
const problems = checkLayers(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
for (const problem of problems) console.error(problem);
console.log(
  `${paths.length} files: ${problems.length === 0 ? 'the floors hold, no cycles' : `${problems.length} problems`}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
