import { createStore, del, get, set, values } from 'idb-keyval';
import { readJson, writeJson, type FileStore } from './file_store';

/** Small records by id. Another version of the program may have stored a value, so the caller must validate it. */
export interface RecordStore {
  get(id: string): Promise<unknown>;
  put(id: string, record: object): Promise<void>;
  remove(id: string): Promise<void>;
  all(): Promise<readonly unknown[]>;
}

/** Records in the browser's IndexedDB. */
export function databaseRecords(database = 'tunesmith', name = 'runs'): RecordStore {
  const store = createStore(database, name);
  return {
    get: (id) => get<unknown>(id, store),
    put: (id, record) => set(id, record, store),
    remove: (id) => del(id, store),
    all: () => values<unknown>(store),
  };
}

/** Records as JSON files, one each, for systems without IndexedDB. */
export function fileRecords(files: FileStore, folder = 'records'): RecordStore {
  const pathOf = (id: string) => `${folder}/${id}.json`;
  return {
    get: (id) => readJson(files, pathOf(id)),
    put: (id, record) => writeJson(files, pathOf(id), record),
    remove: (id) => files.remove(pathOf(id)),
    all: async () => {
      const paths = (await files.list(folder)).filter((path) => path.endsWith('.json'));
      return Promise.all(paths.map((path) => readJson(files, path)));
    },
  };
}
