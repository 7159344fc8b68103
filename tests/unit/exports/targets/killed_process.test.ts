import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-killed-'));
  const ssr = fileURLToPath(new URL('endless_export.ts', import.meta.url));
  await build({
    configFile: false,
    logLevel: 'silent',
    build: { ssr, outDir: join(folder, 'program') },
    ssr: { noExternal: true },
  });
});
afterAll(() => rm(folder, { recursive: true }));

it('a process that is killed amid an export leaves no file with a final name', async () => {
  const output = join(folder, 'output');
  const program = join(folder, 'program', 'endless_export.js');
  const child = spawn(process.execPath, [program, output], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  const left = await readdir(output, { recursive: true });
  expect(left.sort()).toEqual(['model.gguf.tmp', 'onnx', join('onnx', 'model.onnx_data.tmp')]);
});
