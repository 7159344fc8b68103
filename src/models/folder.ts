import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { refuseLfsPointer } from '../core/lfs_pointer';
import { encodingName } from '../data/files/encoding';

export type { FileReader } from '../core/file_reader';

/** A checkpoint's folder: its files by name. */
export type ModelFolder = ReadonlyMap<string, FileReader>;

/** Upper limit of text files in bytes; the largest published tokenizer.json has a tenth of it. */
const MOST_TEXT = 256 * 2 ** 20;

/** Throws `json_invalid` and `text_not_utf8`, naming the file. */
export async function readJson(file: FileReader): Promise<unknown> {
  const text = await readText(file);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new TunesmithError({ code: 'json_invalid', values: { file: file.name }, cause });
  }
}

/**
 * Throws `json_invalid` for a file that is too long, `text_not_utf8` for one in another encoding, `git_lfs_pointer`.
 */
export async function readText(file: FileReader): Promise<string> {
  if (file.size > MOST_TEXT) {
    throw new TunesmithError({ code: 'json_invalid', values: { file: file.name, size: file.size } });
  }
  const bytes = await file.read(0, file.size);
  refuseLfsPointer(file.name, file.size, bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TunesmithError({
      code: 'text_not_utf8',
      values: { file: file.name, encoding: encodingName(bytes) },
      cause,
    });
  }
}
