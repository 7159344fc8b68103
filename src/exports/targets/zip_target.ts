import { makeZip, predictLength } from 'client-zip';
import type { FileReader, ModelFolder } from '../../models/folder';
import { streamParts } from '../../storage/file_store';
import type { ExportFile } from '../format';
import type { ExportTarget } from './target';

/**
 * Puts all files into one zip, in a folder with the zip's name, and writes it to another target; a zip of 4 GiB or more
 * uses ZIP64. It does not compress, because weights don't get smaller.
 */
export function zipTarget(target: ExportTarget, name: string): ExportTarget {
  let entries: readonly ExportFile[] = [];
  return {
    ...(target.isNamedEarly && { isNamedEarly: true }),
    async write(files) {
      entries = files;
      await target.write([zipFile(name, files)]);
    },
    async written() {
      const zip = (await target.written()).get(name);
      if (!zip) throw new Error(`${name} was not written`);
      return entriesOf(zip, folderOf(name), entries);
    },
    commit: () => target.commit(),
    discard: () => target.discard(),
  };
}

/** The folder within a zip: a person who unpacks the zip gets one folder and not its files among others. */
function folderOf(zip: string): string {
  return zip.replace(/\.zip$/, '');
}

/** A zip as a file whose bytes are made when they are read. */
export function zipFile(name: string, files: readonly ExportFile[]): ExportFile {
  const folder = folderOf(name);
  const meta = ({ name: entry, size }: ExportFile) => ({
    name: `${folder}/${entry}`,
    size,
    lastModified: FIRST_DAY,
  });
  return {
    name,
    size: Number(predictLength(files.map(meta))),
    parts: () => streamParts(makeZip(files.map((file) => ({ ...meta(file), input: partsOf(file) })))),
  };
}

/** The first date of the zip format, so that the same files make the same bytes. */
const FIRST_DAY = new Date(1980, 0, 1);

async function* partsOf(file: ExportFile): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  // A copy, because the zip holds a few parts before it writes them, and their source may reuse its memory.
  for await (const part of file.parts()) yield part.slice();
}

/** Bytes of an entry's local header without its name, and of the descriptor behind its content (APPNOTE.TXT, 4.3). */
const HEADER = 30;
const DESCRIPTOR = 16;
const DESCRIPTOR_64 = 24;
const MOST_32 = 2 ** 32 - 1;

function entriesOf(zip: FileReader, folder: string, files: readonly ExportFile[]): ModelFolder {
  const entries = new Map<string, FileReader>();
  let at = 0;
  for (const { name, size } of files) {
    const begin = at + HEADER + new TextEncoder().encode(`${folder}/${name}`).length;
    entries.set(name, {
      name,
      size,
      read: (from, to, into) => zip.read(begin + from, begin + to, into),
    });
    at = begin + size + (size >= MOST_32 ? DESCRIPTOR_64 : DESCRIPTOR);
  }
  return entries;
}
