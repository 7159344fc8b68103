import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of driver manifests beside those where the Vulkan loader looks. */
const MANIFEST_FOLDERS = ['/usr/local/nvidia/share/vulkan/icd.d', '/run/opengl-driver/share/vulkan/icd.d'];
/** NVIDIA's driver; under its second name it needs no window system. */
const NVIDIA = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];
/** Folders where a machine or a container with a GPU has its libraries; '' means the system's search path. */
const LIBRARY_FOLDERS = [
  '',
  '/usr/local/nvidia/lib64',
  '/usr/local/nvidia/lib',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/run/opengl-driver/lib',
];

/**
 * The folders of lib/ whose library this system lacks; each is named after its library. Only these are used, because a
 * system's own libraries fit its drivers better.
 * @param {string} lib
 * @param {(name: string) => boolean} [has]
 */
export function missingLibraries(lib, has = loads) {
  return readdirSync(lib)
    .filter((name) => !has(name))
    .map((name) => join(lib, name));
}

/**
 * Whether the dynamic linker finds a library and its dependencies.
 * @param {string} name
 */
export function loads(name) {
  try {
    process.dlopen({ exports: {} }, name);
    return true;
  } catch (error) {
    // A library that is no Node module was loaded nevertheless.
    return error instanceof Error && error.message.startsWith('Module did not self-register');
  }
}

/**
 * Variables with which the Vulkan loader may find a GPU's driver without a manifest in the usual places.
 * @param {string} scratch a folder, for manifests of drivers that have none
 * @param {string} libraries the LD_LIBRARY_PATH so far
 * @param {(path: string) => boolean} [exists]
 * @returns {{ VK_DRIVER_FILES: string, LD_LIBRARY_PATH: string }[]}
 */
export function driverCandidates(scratch, libraries, exists = existsSync) {
  const stated = MANIFEST_FOLDERS.filter(exists)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.json'));
  /** @param {string} folder */
  const withFolder = (folder) => [libraries, folder].filter((part) => part !== '').join(':');
  const candidates = stated.map((path) => ({
    VK_DRIVER_FILES: path,
    LD_LIBRARY_PATH: withFolder(LIBRARY_FOLDERS.slice(1).filter(exists).join(':')),
  }));
  for (const folder of LIBRARY_FOLDERS) {
    for (const name of NVIDIA) {
      const path = join(folder, name);
      if (folder !== '' && !exists(path)) continue;
      candidates.push({
        VK_DRIVER_FILES: writeManifest(join(scratch, `${candidates.length}.json`), path),
        LD_LIBRARY_PATH: withFolder(folder),
      });
    }
  }
  return candidates;
}

/**
 * Writes a driver's manifest for the Vulkan loader.
 * @param {string} path
 * @param {string} library
 */
function writeManifest(path, library) {
  const manifest = { file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } };
  writeFileSync(path, JSON.stringify(manifest));
  return path;
}
