import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { aptInstall, canAptInstall } from './apt.mjs';
import { ensureBrowser, softwareVulkanDrivers } from './browser.mjs';
import { run } from './run.mjs';

const probe = fileURLToPath(new URL('./probe-dawn.mjs', import.meta.url));

/**
 * Whether Dawn computes with these variables set. It tries in a separate process, because a driver may crash the
 * process, and a process loads drivers only once.
 * @param {NodeJS.ProcessEnv} env
 */
async function dawnComputes(env) {
  return (await run(process.execPath, [probe], { output: 'capture', env, timeout: 60_000 })).code === 0;
}

/** The environment variables with which Dawn computes on this machine; undefined if none work. */
async function workingEnvironment() {
  // Drivers look here for a window system, and complain on standard error if it is unset.
  const quiet = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() };
  if (await dawnComputes(quiet)) return quiet;
  for await (const driver of softwareVulkanDrivers()) {
    const env = { ...quiet, VK_DRIVER_FILES: driver };
    if (existsSync(driver) && (await dawnComputes(env))) return env;
  }
  return undefined;
}

/**
 * Finds the requirements of Dawn in Node on this machine: nothing on macOS and Windows; on Linux the Vulkan loader and
 * a driver. Without a GPU driver, it uses the software driver of an installed Chromium, and installs one if possible.
 * @param {(line: string) => void} log
 * @returns {Promise<NodeJS.ProcessEnv>} variables to set before Dawn is loaded
 * @throws {Error} that says what to install
 */
export async function vulkanEnvironment(log) {
  if (process.platform !== 'linux') return {};
  let found = await workingEnvironment();
  if (found === undefined && canAptInstall()) {
    log('Installing the Vulkan loader …');
    if (await aptInstall(['libvulkan1'])) found = await workingEnvironment();
  }
  if (found === undefined) {
    // Installs it for its software driver.
    await ensureBrowser(log);
    found = await workingEnvironment();
  }
  if (found === undefined) {
    throw new Error(
      'No Vulkan driver works. Install the Vulkan loader (libvulkan1) and the driver of your GPU, or Chromium, ' +
        'whose software driver serves where there is no GPU.',
    );
  }
  return found;
}
