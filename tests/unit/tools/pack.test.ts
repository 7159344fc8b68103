import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { driverCandidates, loads, missingLibraries } from '../../../tools/pack/libraries.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith-pack-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const libraryOf = (manifest: string): unknown => {
  const { ICD } = JSON.parse(readFileSync(manifest, 'utf8')) as { ICD: { library_path: string } };
  return ICD.library_path;
};

describe('a driver without a manifest in the usual places', () => {
  test('is looked for by its name, wherever the system finds it', () => {
    const candidates = driverCandidates(folder, '', () => false);
    expect(candidates.map(({ VK_DRIVER_FILES }) => libraryOf(VK_DRIVER_FILES))).toEqual([
      'libGLX_nvidia.so.0',
      'libEGL_nvidia.so.0',
    ]);
    expect(candidates.map(({ LD_LIBRARY_PATH }) => LD_LIBRARY_PATH)).toEqual(['', '']);
  });

  test('is found where a container has it, with the libraries beside it', () => {
    const path = '/usr/local/nvidia/lib64/libEGL_nvidia.so.0';
    const candidates = driverCandidates(folder, '/opt/lib', (each) => each === path);
    const last = candidates.at(-1)!;
    expect(candidates).toHaveLength(3);
    expect(libraryOf(last.VK_DRIVER_FILES)).toBe(path);
    expect(last.LD_LIBRARY_PATH).toBe('/opt/lib:/usr/local/nvidia/lib64');
  });
});

describe('libraries that travel along', () => {
  test('are used only where the system has none', () => {
    for (const name of ['libof_system.so.1', 'libof_nothing.so.1']) mkdirSync(join(folder, name));
    const missing = missingLibraries(folder, (name) => name === 'libof_system.so.1');
    expect(missing).toEqual([join(folder, 'libof_nothing.so.1')]);
  });

  test('are missing where the linker does not find them', () => {
    mkdirSync(join(folder, 'libof_nothing.so.1'));
    expect(loads('libof_nothing.so.1')).toBe(false);
    expect(missingLibraries(folder)).toEqual([join(folder, 'libof_nothing.so.1')]);
  });
});
