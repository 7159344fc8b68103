import { TunesmithError } from './errors';

/** Git LFS stands a small text for a large file ("Git LFS Specification", "The Pointer"). */
const BEGINS = new TextEncoder().encode('version https://git-lfs.github.com/spec/');
/** The specification bounds a pointer by this. */
const MOST_BYTES = 1024;

/**
 * Throws `git_lfs_pointer` if a file is Git LFS' pointer to the file that is meant.
 *
 * @param head the file's first bytes, at least 40 of them if it has so many
 */
export function refuseLfsPointer(name: string, size: number, head: Uint8Array): void {
  if (size > MOST_BYTES || !BEGINS.every((byte, at) => head[at] === byte)) return;
  throw new TunesmithError({
    code: 'git_lfs_pointer',
    values: { name, size },
  });
}
