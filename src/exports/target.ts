import type { ModelFolder } from '../models/folder';
import type { ExportFile } from './format';

/** Where an export is written to. Nothing there has its final name before `commit`. */
export interface ExportTarget {
  /**
   * Writes all files, one after the other; a file's bytes are made as they are asked for.
   *
   * @throws TunesmithError `storage_full`, and what making the bytes throws
   */
  write(files: readonly ExportFile[]): Promise<void>;
  /** The written files, for reading back. */
  written(): Promise<ModelFolder>;
  /** Gives all that was written its final name. */
  commit(): Promise<void>;
  /** Removes what was written, whole or not. */
  discard(): Promise<void>;
}

/** Bytes of all files. */
export function bytesOfFiles(files: readonly Pick<ExportFile, 'size'>[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
