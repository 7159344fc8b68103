// The command line: builds src/cli if necessary and runs it in this process. Only the command writes to standard
// output.
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { checkNode, ensurePackages } from './lib/install.mjs';

/** @param {string} line */
const log = (line) => process.stderr.write(`${line}\n`);

/** @returns {Promise<string | undefined>} the program's path, or undefined if it cannot run here */
async function prepare() {
  try {
    checkNode();
    await ensurePackages(log);
    const program = await ensureBuilt('cli', log);
    const { vulkanEnvironment } = await import('./lib/vulkan.mjs');
    Object.assign(process.env, await vulkanEnvironment(log));
    return program;
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    return undefined;
  }
}

const program = await prepare();
if (program !== undefined) await import(pathToFileURL(program).href);
