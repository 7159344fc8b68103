import type { ModelFolder } from '../models/folder';

/** Where an export is written to. Nothing there has its final name before `commit`. */
export interface ExportTarget {
  /** Begins a file, once the one before is closed. @param size its bytes, all of which are to be written */
  open(name: string, size: number): Promise<ExportSink>;
  /** What was written so far, to be read back. */
  written(): Promise<ModelFolder>;
  /** Gives all that was written its final name. */
  commit(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

export interface ExportSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
