import { existsSync } from 'node:fs';
import { run } from './run.mjs';

/** Whether this process can install packages of a Debian-like system. */
export const canAptInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

/**
 * Installs packages of a Debian-like system; shows its output on standard error only if it fails.
 * @param {string[]} packages
 * @returns {Promise<boolean>} whether it worked
 */
export async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await run('apt-get', ['update', '-qq'], { output: 'capture', env });
  const install = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    output: 'capture',
    env,
  });
  if (install.code !== 0) process.stderr.write(update.output + install.output);
  return install.code === 0;
}
