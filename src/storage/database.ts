import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { storageFull } from './file_store';

/** The requests of a transaction, all made at once. The returned function takes their results after the commit. */
export type Requests<T> = (store: (name: string) => IDBObjectStore) => () => T;

/** The data being written, for error messages. */
export interface Writing {
  readonly what: Message;
  readonly bytes: number;
}

/** An IndexedDB database with these object stores. Each value is stored with an explicit key. */
export class Database {
  readonly #name: string;
  readonly #stores: readonly string[];
  #opened: Promise<IDBDatabase> | undefined;

  constructor(name: string, stores: readonly string[]) {
    this.#name = name;
    this.#stores = stores;
  }

  /** @throws TunesmithError `storage_unavailable`, `storage_failed` */
  async read<T>(requests: Requests<T>): Promise<T> {
    return await this.#transaction('readonly', requests);
  }

  /**
   * Writes all that the requests ask for, or nothing. Once this resolves, the data survives a crash of the machine.
   *
   * @throws TunesmithError `storage_unavailable`, `storage_full`, `storage_failed`
   */
  async write<T>(requests: Requests<T>, writing?: Writing): Promise<T> {
    return await this.#transaction('readwrite', requests, writing);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened?.catch(() => undefined))?.close();
  }

  async #transaction<T>(mode: IDBTransactionMode, requests: Requests<T>, writing?: Writing): Promise<T> {
    const transaction = await this.#begin(mode);
    return await new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => reject(failure(error, writing));
      let result: () => T;
      transaction.oncomplete = () => resolve(result());
      transaction.onabort = () => fail(transaction.error);
      try {
        result = requests((name) => transaction.objectStore(name));
      } catch (error) {
        fail(error);
        transaction.abort();
      }
    });
  }

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const options = { durability: mode === 'readwrite' ? 'strict' : 'default' } as const;
    const begin = async (): Promise<IDBTransaction> =>
      (await this.#open()).transaction(this.#stores, mode, options);
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
      // The browser has closed the connection, for instance because it cleared the page's storage.
      this.#opened = undefined;
      return await begin();
    }
  }

  async #open(): Promise<IDBDatabase> {
    this.#opened ??= openDatabase(this.#name, this.#stores).then((database) => {
      const forget = (): void => {
        this.#opened = undefined;
      };
      database.onclose = forget;
      database.onversionchange = () => {
        database.close();
        forget();
      };
      return database;
    });
    try {
      return await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}

async function openDatabase(name: string, stores: readonly string[]): Promise<IDBDatabase> {
  try {
    return await new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        for (const store of stores) request.result.createObjectStore(store);
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('no database'));
    });
  } catch (cause) {
    throw new TunesmithError({ code: 'storage_unavailable', cause });
  }
}

function failure(error: unknown, writing: Writing | undefined): TunesmithError {
  // Some browsers throw a DOMException, newer ones a separate class.
  if (error instanceof Error && error.name === 'QuotaExceededError') {
    return storageFull(writing?.what ?? message('stored_page'), writing?.bytes ?? 0, undefined, error);
  }
  return new TunesmithError({ code: 'storage_failed', values: { what: writing?.what }, cause: error });
}

/** All keys that begin with these parts. */
export function keysBelow(...parts: readonly (string | number)[]): IDBKeyRange {
  // In IndexedDB's order of keys, arrays come after all numbers and strings.
  return IDBKeyRange.bound([...parts], [...parts, []]);
}
