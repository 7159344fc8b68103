import type { FileReader } from '../models/folder';
import { storageFull, temporaryPath, type FileStore, type FileWriter } from '../storage/file_store';
import type { ExportTarget } from './target';

/**
 * Plain files in a folder. Until `commit` each has the name of a temporary file; then they get their own, in the order in
 * which they were written.
 *
 * @param folder within the store; '' for its root
 */
export function folderTarget(files: FileStore, folder = ''): ExportTarget {
  const names: string[] = [];
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const temporary = (name: string): string => temporaryPath(at(name));
  return {
    async open(name, size) {
      const free = await files.free();
      if (free !== undefined && free < size) throw storageFull(name, size, free);
      names.push(name);
      // What a crash left of a longer file would stay behind the end of this one.
      await files.remove(temporary(name));
      return sinkOf(await files.openWriter(temporary(name)));
    },
    async written() {
      const readers = new Map<string, FileReader>();
      for (const name of names) {
        const reader = await files.openReader(temporary(name));
        if (reader) readers.set(name, { ...reader, name, read: reader.read.bind(reader) });
      }
      return readers;
    },
    async commit() {
      for (const name of names) await files.rename(temporary(name), name);
    },
    async discard() {
      for (const name of names) await files.remove(temporary(name));
    },
  };
}

function sinkOf(writer: FileWriter): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } {
  let at = 0;
  return {
    async write(bytes) {
      await writer.write(at, bytes);
      at += bytes.length;
    },
    async close() {
      try {
        await writer.flush();
      } finally {
        await writer.close();
      }
    },
  };
}
