import { blobReader } from '../core/file_reader';
import type { ExportTarget } from './target';

/** Files as blobs, for browsers that let a page store no files, and for small exports. The browser may keep them on the disk. */
export function memoryTarget(): ExportTarget & {
  /** By name, once they are whole. */
  readonly files: ReadonlyMap<string, Blob>;
} {
  const files = new Map<string, Blob>();
  return {
    files,
    open(name) {
      let blob = new Blob();
      let parts: BlobPart[] = [];
      let bytes = 0;
      const gather = (): void => {
        blob = new Blob([blob, ...parts]);
        parts = [];
        bytes = 0;
      };
      return Promise.resolve({
        write(part) {
          parts.push(part.slice());
          bytes += part.length;
          if (bytes > GATHERED) gather();
          return Promise.resolve();
        },
        close() {
          gather();
          files.set(name, blob);
          return Promise.resolve();
        },
      });
    },
    written: () =>
      Promise.resolve(new Map(Array.from(files, ([name, blob]) => [name, blobReader(name, blob)]))),
    commit: () => Promise.resolve(),
    discard() {
      files.clear();
      return Promise.resolve();
    },
  };
}

/** Bytes that JavaScript holds itself before the browser gets them. */
const GATHERED = 2 ** 24;
