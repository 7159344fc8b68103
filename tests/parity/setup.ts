import { vulkanEnvironment } from '../../tools/lib/vulkan.mjs';

/** Finds a Vulkan driver for Dawn before the test processes, which inherit the environment, are started. */
export async function setup(): Promise<void> {
  Object.assign(process.env, await vulkanEnvironment((line) => console.error(line)));
}
