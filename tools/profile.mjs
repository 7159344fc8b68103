// Where the time of a step goes: builds bench/profile.ts and runs it on Dawn with the given options.
import { buildBench } from './lib/bench.mjs';
import { run } from './lib/run.mjs';
import { vulkanEnvironment } from './lib/vulkan.mjs';

const program = await buildBench('profile');
const env = await vulkanEnvironment((line) => process.stderr.write(`${line}\n`));
process.exitCode = (await run(process.execPath, [program, ...process.argv.slice(2)], { env })).code;
