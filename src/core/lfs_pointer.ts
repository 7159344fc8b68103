import { TunesmithError } from './errors';

/** A checkout without Git LFS has a small text in place of each large file ("Git LFS Specification", "The Pointer"). */
const BEGINS = new TextEncoder().encode('version https://git-lfs.github.com/spec/');
/** The specification's limit for the size of a pointer. */
const MOST_BYTES = 1024;

/**
 * Throws `git_lfs_pointer` if a file is only Git LFS' pointer to the real file.
 *
 * @param head the file's first bytes, at least 40 of them unless it is shorter
 */
export function refuseLfsPointer(name: string, size: number, head: Uint8Array): void {
  if (size > MOST_BYTES || !BEGINS.every((byte, at) => head[at] === byte)) return;
  throw new TunesmithError({
    code: 'git_lfs_pointer',
    values: { name, size },
  });
}
