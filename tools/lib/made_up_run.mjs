import { ensureBuilt } from './build.mjs';
import { checkNode, ensurePackages } from './install.mjs';
import { QWEN_SHAPES } from './made_up_checkpoint.mjs';

/** @param {string} line */
export const log = (line) => process.stderr.write(`${line}\n`);

/**
 * Builds the command line for a run over a made-up checkpoint, and finds its environment.
 * @param {string | undefined} name of the shapes: 1.5b
 */
export async function prepareRun(name) {
  const shapes = QWEN_SHAPES[name ?? ''];
  if (shapes === undefined) throw new Error(`--shapes is one of ${Object.keys(QWEN_SHAPES).join(', ')}`);
  checkNode();
  await ensurePackages(log);
  const program = await ensureBuilt('cli', log);
  const { vulkanEnvironment } = await import('./vulkan.mjs');
  return { shapes, program, env: await vulkanEnvironment(log) };
}

/**
 * @param {string} json
 * @returns {Record<string, unknown>}
 */
export function parsed(json) {
  /** @type {unknown} */
  const value = JSON.parse(json);
  return /** @type {Record<string, unknown>} */ (value);
}
