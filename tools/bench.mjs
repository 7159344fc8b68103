// Builds a program of bench/ and runs it on Dawn: node tools/bench.mjs base_cache
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBench } from './lib/bench.mjs';
import { run } from './lib/run.mjs';
import { vulkanEnvironment } from './lib/vulkan.mjs';

/** @param {string} line */
const log = (line) => process.stderr.write(`${line}\n`);

const [name = ''] = process.argv.slice(2);
const program = await buildBench(name);
const scratch = await mkdtemp(join(tmpdir(), 'tunesmith-bench-'));
try {
  const env = await vulkanEnvironment(log);
  process.exitCode = (await run(process.execPath, [program, scratch], { env })).code;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
