import { createXXHash64 } from 'hash-wasm';
import { TunesmithError } from '../core/errors';
import { piecesOf } from '../core/file_reader';
import type { ModelFolder } from '../models/folder';
import type { ExportCheck, ExportFile, ExportPlan } from './format';
import type { ExportTarget } from './target';

export interface ExportRunOptions {
  /** Told at times: bytes written, and the file that is being written; undefined while what was written is checked. */
  readonly onProgress?: (bytes: number, file: string | undefined) => void;
  /** Stops between parts of a file, and while it is read back. */
  readonly signal?: AbortSignal;
}

/**
 * Writes an export and reads it back: every byte must be the one that was written, and the format's own check must pass.
 * Only then is the export put in its place. One that fails or is stopped leaves nothing.
 *
 * @throws TunesmithError `export_differs`, what the target reports, and the signal's reason
 */
export async function runExport(
  plan: ExportPlan,
  target: ExportTarget,
  { onProgress, signal }: ExportRunOptions = {},
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
    onProgress?.(done, undefined);
    const written = await target.written();
    for (const [name, hash] of hashes) {
      if ((await hashOf(written, name, signal)) !== hash) throw exportDiffers(`${name} has other bytes.`);
    }
    const check = await plan.check(written);
    const { difference, allowed } = check;
    // NaN is at most nothing.
    if (difference !== null && !(difference <= allowed)) {
      throw exportDiffers(`Logits differ by ${difference}; rounding explains ${allowed}.`);
    }
    await target.commit();
    return check;
  } catch (error) {
    // The first failure tells the reason, so a second one is dropped.
    await target.discard().catch(() => undefined);
    throw error;
  }
}

async function hashOf(
  written: ModelFolder,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const file = written.get(name);
  if (!file) return undefined;
  const hash = await createXXHash64();
  for await (const piece of piecesOf(file)) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return hash.digest();
}

/** What was written is not what it was made of. */
export function exportDiffers(detail: string): TunesmithError {
  return new TunesmithError({ code: 'export_differs', detail });
}
