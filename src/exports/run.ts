import { createXXHash64 } from 'hash-wasm';
import { TunesmithError } from '../core/errors';
import { piecesOf } from '../core/file_reader';
import type { ModelFolder } from '../models/folder';
import type { ExportCheck, ExportFile, ExportPlan } from './format';
import { bytesOfFiles, type ExportTarget } from './targets/target';

export interface ExportRunOptions {
  /** Called from time to time with the bytes written and the file being written. */
  readonly onProgress?: (bytes: number, file: string) => void;
  /** Called from time to time during the check with the fraction that is done. */
  readonly onCheck?: (fraction: number) => void;
  /** Stops between parts of a file, and during the check. */
  readonly signal?: AbortSignal;
}

/**
 * Writes an export and reads it back: every byte must be the written one, and the format's own check must pass. Only
 * then does the export get its final name. An export that fails or is stopped leaves no files.
 *
 * @throws TunesmithError `export_differs`, `export_no_room`, other errors of the target, and the signal's reason
 */
export async function runExport(
  plan: ExportPlan,
  target: ExportTarget,
  { onProgress, onCheck = () => undefined, signal }: ExportRunOptions = {},
): Promise<ExportCheck> {
  const hashes = new Map<string, string>();
  let done = 0;
  const watched = (file: ExportFile): ExportFile => ({
    ...file,
    async *parts() {
      signal?.throwIfAborted();
      onProgress?.(done, file.name);
      const hash = await createXXHash64();
      let size = 0;
      for await (const part of file.parts()) {
        signal?.throwIfAborted();
        hash.update(part);
        size += part.length;
        yield part;
        onProgress?.(done + size, file.name);
      }
      if (size !== file.size) throw new Error(`${file.name} has ${size} bytes, not ${file.size}`);
      done += size;
      hashes.set(file.name, hash.digest());
    },
  });
  try {
    await target.write(plan.files.map(watched));
    signal?.throwIfAborted();
    onCheck(0);
    const written = await target.written();
    let read = 0;
    const onRead = (bytes: number): void => {
      signal?.throwIfAborted();
      read += bytes;
      onCheck((HASHING * read) / Math.max(1, done));
    };
    for (const [name, hash] of hashes) {
      if ((await hashOf(written, name, onRead)) !== hash)
        throw exportDiffers({ detail: `${name} has other bytes.` });
    }
    const check = await plan.check(written, {
      onProgress: (fraction) => onCheck(HASHING + (1 - HASHING) * fraction),
      signal,
    });
    signal?.throwIfAborted();
    const { difference, allowed } = check;
    // Written with "not", so that NaN fails.
    if (difference !== null && !(difference <= allowed)) {
      throw exportDiffers({ detail: `Logits differ by ${difference}; rounding explains ${allowed}.` });
    }
    await target.commit();
    return check;
  } catch (error) {
    // The first failure has the reason, so a second one is ignored.
    await target.discard().catch(() => undefined);
    // A stop ends threads and reads, whose own errors say less.
    signal?.throwIfAborted();
    throw noRoom(error, bytesOfFiles(plan.files)) ?? error;
  }
}

/**
 * The error for an export that has no room, from that of the file that met the end of it; undefined for others, such as
 * that of a base that is still being downloaded.
 */
function noRoom(error: unknown, needed: number): TunesmithError | undefined {
  if (!(error instanceof TunesmithError) || error.code !== 'storage_full') return undefined;
  const { free, needed: ofWrite } = error.values;
  // An error amid the files tells the room that these have left.
  const isBefore = typeof ofWrite === 'number' && ofWrite >= needed;
  const room = isBefore && typeof free === 'number' ? free : undefined;
  return new TunesmithError({ code: 'export_no_room', values: { needed, free: room }, cause: error });
}

/** The part of the check's time that comparing the bytes takes. */
const HASHING = 0.1;

async function hashOf(
  written: ModelFolder,
  name: string,
  onRead: (bytes: number) => void,
): Promise<string | undefined> {
  const file = written.get(name);
  if (!file) return undefined;
  const hash = await createXXHash64();
  for await (const piece of piecesOf(file)) {
    onRead(piece.length);
    hash.update(piece);
  }
  return hash.digest();
}

/** The error for written files that differ from their source. */
export function exportDiffers({ detail }: { readonly detail: string }): TunesmithError {
  return new TunesmithError({ code: 'export_differs', detail });
}
