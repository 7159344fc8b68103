import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { TunesmithError } from '../core/errors';
import { temporaryPath } from '../storage/file_store';
import { nodeFiles } from '../storage/node_files';

/** Throws `output_file_used` unless the file may be written. */
export async function checkFree(path: string, overwrite: boolean): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() || (info && !overwrite)) {
    throw new TunesmithError({ code: 'output_file_used', values: { path, isFolder: info.isDirectory() } });
  }
}

const encoder = new TextEncoder();
/** Characters that are written at once. */
const PART = 2 ** 20;

/** Writes lines into a file, which has them all or does not exist. */
export async function writeLines(
  path: string,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const files = nodeFiles(dirname(path));
  const temporary = temporaryPath(`${basename(path)}.${process.pid}`);
  try {
    const writer = await files.openWriter(temporary);
    try {
      let at = 0;
      let part = '';
      const flush = async (): Promise<void> => {
        const bytes = encoder.encode(part);
        await writer.write(at, bytes);
        at += bytes.length;
        part = '';
      };
      for await (const line of lines) {
        part += `${line}\n`;
        if (part.length > PART) await flush();
      }
      await flush();
      await writer.flush();
    } finally {
      await writer.close();
    }
    await files.rename(temporary, basename(path));
  } catch (error) {
    await files.remove(temporary);
    throw error;
  }
}
