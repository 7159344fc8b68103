import { TunesmithError } from '../core/errors';

/** A file that can be read in ranges, wherever it lies. One that is still arriving gives a range when it is there. */
export interface FileReader {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `begin` to before `end`.
   *
   * @param into may be used to hold them, where it is long enough; the caller then reuses it when it is done with them
   */
  read(begin: number, end: number, into?: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>>;
}

/** A checkpoint's folder: its files by name. */
export type ModelFolder = ReadonlyMap<string, FileReader>;

/** A file that is held in memory. */
export function memoryFile(name: string, bytes: Uint8Array): FileReader {
  return { name, size: bytes.length, read: (begin, end) => Promise.resolve(bytes.slice(begin, end)) };
}

/** The largest published tokenizer.json has a tenth of it. */
const MOST_TEXT = 256 * 2 ** 20;

/** Throws `json_invalid` naming the file. */
export async function readJson(file: FileReader): Promise<unknown> {
  const text = await readText(file);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new TunesmithError({
      code: 'json_invalid',
      message: `${file.name} is not valid JSON.`,
      hint: 'Take the file again from where the model came from.',
      cause,
    });
  }
}

/** Throws `json_invalid` for a file that is too long to be a text. */
export async function readText(file: FileReader): Promise<string> {
  if (file.size > MOST_TEXT) {
    throw new TunesmithError({
      code: 'json_invalid',
      message: `${file.name} has ${file.size} bytes, too many for a file of settings or a tokenizer.`,
      hint: 'Take the file again from where the model came from.',
    });
  }
  return new TextDecoder().decode(await file.read(0, file.size));
}
