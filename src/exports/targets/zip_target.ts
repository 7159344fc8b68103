import { makeZip, predictLength } from 'client-zip';
import type { FileReader } from '../../models/folder';
import { zipFolder } from '../../models/zip_folder';
import { streamParts } from '../../storage/file_store';
import type { ExportFile } from '../format';
import { exportDiffers } from '../run';
import type { ExportTarget } from './target';

/**
 * Puts all files into one zip, in a folder with the zip's name, and writes it to another target; a zip of 4 GiB or more
 * uses ZIP64. It does not compress, because weights don't get smaller. It is read back as programs that unzip read it: by
 * its directory.
 */
export function zipTarget(target: ExportTarget, name: string): ExportTarget {
  return {
    ...(target.isNamedEarly && { isNamedEarly: true }),
    async write(files) {
      await target.write([zipFile(name, files)]);
    },
    async written() {
      const zip = (await target.written()).get(name);
      if (!zip) throw new Error(`${name} was not written`);
      const within = `${folderOf(name)}/`;
      const files = Array.from(await zipFolder(zip), ([path, file]): [string, FileReader] => {
        if (!path.startsWith(within)) throw exportDiffers({ detail: `${name} has ${path}.` });
        const own = path.slice(within.length);
        return [own, { ...file, name: own }];
      });
      return new Map(files);
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
