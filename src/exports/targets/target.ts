import type { ModelFolder } from '../../models/folder';
import type { ExportFile } from '../format';

/** The destination of an export. No file has its final name before `commit`, unless `isNamedEarly`. */
export interface ExportTarget {
  /**
   * Set if the file has its final name as soon as it is written, and so during the check. A kill during the check leaves
   * it there, whole but unchecked; a failed check removes it.
   */
  readonly isNamedEarly?: true;
  /**
   * Writes all files, one after the other; makes a file's bytes only when they are written.
   *
   * @throws TunesmithError `storage_full`; errors of making the bytes
   */
  write(files: readonly ExportFile[]): Promise<void>;
  /** The written files, for reading back. */
  written(): Promise<ModelFolder>;
  /** Gives all written files their final names. */
  commit(): Promise<void>;
  /** Removes all written files, complete or not. */
  discard(): Promise<void>;
}

/** Bytes of all files. */
export function bytesOfFiles(files: readonly Pick<ExportFile, 'size'>[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
