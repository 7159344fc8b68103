import { fileURLToPath } from 'node:url';

/**
 * Path of a published file in the optional folder `../shared/real` beside the repository. Tests that use one run
 * where the folder is present; what they prove is also proven, on less, by tests without it.
 */
export function realFile(path: string): string {
  return fileURLToPath(new URL(`../../../shared/real/${path}`, import.meta.url));
}
