import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { folderTarget } from '../../../../src/exports/targets/folder_target';
import { runExport } from '../../../../src/exports/run';
import type { ExportPlan } from '../../../../src/exports/format';
import { nodeFiles } from '../../../../src/storage/node_files';
import { openOpfs } from '../../../../src/storage/opfs';
import { MemoryFiles } from '../../storage/memory_files';

const part = new Uint8Array(4);
const plan: ExportPlan = {
  files: ['onnx/a', 'b'].map((name) => ({ name, size: 8, parts: () => [part, part] })),
  check: () => Promise.resolve({ checked: [], difference: 0, allowed: 0 }),
};

describe('an export onto a disk that fills up amid it', () => {
  it('leaves nothing, and tells how much it needs', async () => {
    const files = new MemoryFiles();
    files.room = 13;
    files.free = () => Promise.resolve(undefined);
    await expect(runExport(plan, folderTarget(files, 'exports'))).rejects.toMatchObject({
      code: 'export_no_room',
      values: { needed: 16, free: undefined },
    });
    expect([...files.files.keys()]).toEqual([]);
  });

  it('tells what else has no room: a base that is still being downloaded', async () => {
    const values = { repo: 'owner/name', missing: 4, excess: 2 };
    const parts = (): never => {
      throw new TunesmithError({ code: 'download_no_room', values });
    };
    const target = folderTarget(new MemoryFiles(), 'exports');
    const running = runExport({ ...plan, files: [{ name: 'a', size: 8, parts }] }, target);
    await expect(running).rejects.toMatchObject({ code: 'download_no_room', values });
  });

  it('leaves nothing in the browser’s storage', async () => {
    const { storage, paths } = fullStorage(13);
    await expect(runExport(plan, folderTarget(await openOpfs(storage), 'exports'))).rejects.toMatchObject({
      code: 'export_no_room',
    });
    expect(paths()).toEqual(['exports/']);
  });

  // Only Linux has a file whose disk is always full.
  it.each(process.platform === 'linux' ? ['/dev'] : [])('is told by a plain file in %s', async (folder) => {
    const writer = await nodeFiles(folder).openWriter('full');
    await expect(writer.write(0, part)).rejects.toMatchObject({ code: 'storage_full' });
    await writer.close();
  });
});

/** A browser's storage that says nothing of its quota, and takes this many bytes. */
function fullStorage(room: number): { readonly storage: StorageManager; readonly paths: () => string[] } {
  type Folder = Map<string, Folder | { bytes: number }>;
  let used = 0;
  const missing = (): never => {
    throw new DOMException('', 'NotFoundError');
  };
  const fileHandle = (name: string, file: { bytes: number }) => ({
    ...{ kind: 'file', name },
    createSyncAccessHandle: () =>
      Promise.resolve({
        write(bytes: Uint8Array) {
          if (used + bytes.length > room) throw new DOMException('', 'QuotaExceededError');
          used += bytes.length;
          file.bytes += bytes.length;
          return bytes.length;
        },
        flush: () => undefined,
        close: () => undefined,
      }),
  });
  const folderHandle = (folder: Folder): unknown => {
    const inFolder = (name: string, create = false): unknown => {
      const found = folder.get(name) ?? (create ? new Map<string, never>() : missing());
      if (!(found instanceof Map)) throw new DOMException('', 'TypeMismatchError');
      folder.set(name, found);
      return folderHandle(found);
    };
    const inFile = (name: string, create = false): unknown => {
      const found = folder.get(name) ?? (create ? { bytes: 0 } : missing());
      if (found instanceof Map) throw new DOMException('', 'TypeMismatchError');
      folder.set(name, found);
      return fileHandle(name, found);
    };
    return {
      kind: 'directory',
      getDirectoryHandle: async (name: string, options?: { create: boolean }) =>
        Promise.resolve(inFolder(name, options?.create)),
      getFileHandle: async (name: string, options?: { create: boolean }) =>
        Promise.resolve(inFile(name, options?.create)),
      removeEntry: async (name: string) => Promise.resolve(folder.delete(name) || missing()),
      async *entries() {
        await Promise.resolve();
        for (const [name, each] of folder) {
          yield [name, each instanceof Map ? folderHandle(each) : fileHandle(name, each)];
        }
      },
    };
  };
  const root: Folder = new Map();
  const below = (folder: Folder, path: string): string[] =>
    [...folder].flatMap(([name, each]) =>
      each instanceof Map ? [`${path}${name}/`, ...below(each, `${path}${name}/`)] : `${path}${name}`,
    );
  const storage = {
    getDirectory: () => Promise.resolve(folderHandle(root)),
    estimate: () => Promise.resolve({}),
  };
  return { storage: storage as unknown as StorageManager, paths: () => below(root, '') };
}
