import { inflateSync } from 'fflate';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import {
  DEFLATED,
  STORED,
  zipDataBegin,
  zipEntries,
  zipUnreadable,
  type ZipEntry,
} from '../core/zip_directory';
import type { ModelFolder } from './folder';

/** Most bytes of a compressed entry: it is unpacked in memory. Stored entries are read where they lie. */
const MOST_UNPACKED = 2 ** 30;

/**
 * A zip as a folder: its files by their paths. Stored files of any size are read in place.
 *
 * @throws TunesmithError `zip_unreadable` if it is damaged or encrypted, `zip_compressed` if a large file is compressed
 */
export async function zipFolder(zip: FileReader): Promise<ModelFolder> {
  const files = new Map<string, FileReader>();
  for (const entry of await zipEntries(zip)) {
    const { path, encrypted, method, size } = entry;
    if (path.endsWith('/')) continue;
    if (encrypted || (method !== STORED && method !== DEFLATED)) throw zipUnreadable(zip);
    if (method === DEFLATED && size > MOST_UNPACKED) {
      throw new TunesmithError({ code: 'zip_compressed', values: { zip: zip.name, file: path } });
    }
    files.set(path, readerOf(zip, entry));
  }
  return files;
}

function readerOf(zip: FileReader, entry: ZipEntry): FileReader {
  const { path, method, packed, size } = entry;
  let begins: Promise<number> | undefined;
  let unpacked: Promise<Uint8Array> | undefined;
  const unpack = async (begin: number): Promise<Uint8Array> => {
    const bytes = await zip.read(begin, begin + packed);
    try {
      return inflateSync(bytes, { out: new Uint8Array(size) });
    } catch (cause) {
      throw zipUnreadable(zip, cause);
    }
  };
  return {
    name: path,
    size,
    read: async (from, to, into) => {
      const begin = await (begins ??= zipDataBegin(zip, entry));
      if (method === STORED) return await zip.read(begin + from, begin + Math.min(to, size), into);
      return new Uint8Array((await (unpacked ??= unpack(begin))).subarray(from, to));
    },
  };
}
