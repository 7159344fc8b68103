import { Zip, ZipPassThrough } from 'fflate';
import { TunesmithError } from '../core/errors';
import type { FileReader, ModelFolder } from '../models/folder';
import type { ExportSink, ExportTarget } from './target';

/** The zip format without its 64-bit extension has 32 bits for each place in it. */
const MOST_BYTES = 2 ** 32 - 1;
/** An entry's two headers take so much at most besides its name, twice; the end of the zip takes less. */
const ENTRY_BYTES = 128;

/** Bytes of a zip of these files at most. */
export function zipBytes(files: readonly { readonly name: string; readonly size: number }[]): number {
  const entry = ({ name, size }: (typeof files)[number]): number =>
    size + ENTRY_BYTES + 2 * new TextEncoder().encode(name).length;
  return files.reduce((sum, file) => sum + entry(file), ENTRY_BYTES);
}

/**
 * One zip of all files, written to another target as a single file. Nothing is compressed: weights of random-looking
 * numbers don't get smaller.
 *
 * @param files all that will be written
 * @throws TunesmithError `export_zip_size` where the zip would be 4 GiB or more
 */
export async function zipTarget(
  target: ExportTarget,
  name: string,
  files: readonly { readonly name: string; readonly size: number }[],
): Promise<ExportTarget> {
  const size = zipBytes(files);
  if (size > MOST_BYTES) {
    throw new TunesmithError({
      code: 'export_zip_size',
      message: 'These files have 4 GiB or more, which no zip can hold here.',
      hint: 'Choose a dtype of 16 bits, or export with the command line, which writes a folder.',
    });
  }
  const sink = await target.open(name, size);
  const places = new Map<string, { readonly begin: number; readonly size: number }>();
  let at = 0;
  let pending: Promise<void> = Promise.resolve();
  let ended: Promise<void> | undefined;
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    at += chunk.length;
    pending = pending.then(() => sink.write(chunk));
    pending.catch(() => undefined);
  });
  const end = async (): Promise<void> => {
    try {
      zip.end();
      await pending;
    } finally {
      await sink.close();
    }
  };
  return {
    async open(entryName, entrySize): Promise<ExportSink> {
      const entry = new ZipPassThrough(entryName);
      // The same files make the same bytes.
      entry.mtime = EPOCH;
      zip.add(entry);
      await pending;
      return {
        async write(bytes) {
          entry.push(bytes);
          // The entry's header comes right before its first bytes.
          if (!places.has(entryName)) places.set(entryName, { begin: at - bytes.length, size: entrySize });
          await pending;
        },
        async close() {
          entry.push(new Uint8Array(), true);
          await pending;
        },
      };
    },
    async written() {
      await (ended ??= end());
      const [file] = (await target.written()).values();
      if (!file) throw new Error(`${name} was not written`);
      return entriesOf(file, places);
    },
    async commit() {
      await target.commit();
    },
    async discard() {
      await (ended ??= sink.close()).catch(() => undefined);
      await target.discard();
    },
  };
}

/** The first day that a zip can tell. */
const EPOCH = new Date(1980, 0, 1);

function entriesOf(
  file: FileReader,
  places: ReadonlyMap<string, { readonly begin: number; readonly size: number }>,
): ModelFolder {
  return new Map(
    Array.from(places, ([name, { begin, size }]) => [
      name,
      {
        name,
        size,
        read: (from, to, into) => file.read(begin + from, begin + to, into),
      } satisfies FileReader,
    ]),
  );
}
