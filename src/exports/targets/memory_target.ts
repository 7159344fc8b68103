import { blobReader } from '../../core/file_reader';
import type { ExportFile } from '../format';
import type { ExportTarget } from './target';

/**
 * Files as blobs, for browsers that give the page no file storage, and for small exports. The browser may keep them on
 * the disk.
 */
export function memoryTarget(): ExportTarget & {
  /** The complete files by name. */
  readonly files: ReadonlyMap<string, Blob>;
} {
  const written = new Map<string, Blob>();
  return {
    files: written,
    async write(files) {
      for (const file of files) written.set(file.name, await blobOf(file));
    },
    written: () =>
      Promise.resolve(new Map(Array.from(written, ([name, blob]) => [name, blobReader(name, blob)]))),
    commit: () => Promise.resolve(),
    discard() {
      written.clear();
      return Promise.resolve();
    },
  };
}

/** Bytes that JavaScript collects before it makes a blob of them. */
const GATHERED = 2 ** 24;

async function blobOf(file: ExportFile): Promise<Blob> {
  let blob = new Blob();
  let parts: BlobPart[] = [];
  let bytes = 0;
  for await (const part of file.parts()) {
    parts.push(part.slice());
    bytes += part.length;
    if (bytes <= GATHERED) continue;
    blob = new Blob([blob, ...parts]);
    parts = [];
    bytes = 0;
  }
  return new Blob([blob, ...parts]);
}
