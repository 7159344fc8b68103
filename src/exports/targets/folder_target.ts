import type { FileReader } from '../../models/folder';
import { storageFull, temporaryPath, type FileStore } from '../../storage/file_store';
import type { ExportFile } from '../format';
import { bytesOfFiles, type ExportTarget } from './target';

/**
 * Plain files in a folder. Until `commit` each has a temporary name; then they get their own names, in the order in
 * which they were written.
 *
 * @param folder within the store; '' for its root
 */
export function folderTarget(store: FileStore, folder = ''): ExportTarget {
  const names: string[] = [];
  /** Those with their own names. */
  const renamed: string[] = [];
  const pathOf = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const temporary = (name: string): string => temporaryPath(pathOf(name));
  const writeFile = async (file: ExportFile): Promise<void> => {
    const path = temporary(file.name);
    names.push(file.name);
    // Removes a file left by a crash: if it is longer, its end would stay behind the new one.
    await store.remove(path);
    const writer = await store.openWriter(path);
    try {
      let at = 0;
      for await (const part of file.parts()) {
        await writer.write(at, part);
        at += part.length;
      }
      await writer.flush();
    } catch (error) {
      await writer.close().catch(() => undefined);
      throw error;
    }
    await writer.close();
  };
  return {
    async write(files) {
      const free = await store.free();
      const needed = bytesOfFiles(files);
      const [first] = files;
      if (first && free !== undefined && free < needed) throw storageFull(first.name, needed, free);
      for (const file of files) await writeFile(file);
    },
    async written() {
      const readers = new Map<string, FileReader>();
      for (const name of names) {
        const reader = await store.openReader(temporary(name));
        if (reader) readers.set(name, { ...reader, name, read: reader.read.bind(reader) });
      }
      return readers;
    },
    async commit() {
      for (const name of names) {
        await store.rename(temporary(name), name.slice(name.lastIndexOf('/') + 1));
        renamed.push(name);
      }
    },
    async discard() {
      for (const name of renamed) await store.remove(pathOf(name));
      for (const name of names) await store.remove(temporary(name));
      for (const inner of new Set(names.flatMap((name) => name.match(/^.+(?=\/)/) ?? []))) {
        const path = pathOf(inner);
        if ((await store.list(path)).length === 0) await store.remove(path);
      }
    },
  };
}
