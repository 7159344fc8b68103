import { TunesmithError } from '../core/errors';
import type { ExportCheck, ExportFile, ExportPlan } from './format';
import type { ExportSink, ExportTarget } from './target';

export interface ExportRunOptions {
  /** Told at times: bytes written, and the file that is being written; undefined while what was written is checked. */
  readonly onProgress?: (bytes: number, file: string | undefined) => void;
  /** Stops between parts of a file, and before the check. */
  readonly signal?: AbortSignal;
}

/** Bytes of all files. */
export function exportBytes({ files }: ExportPlan): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Writes an export, reads it back and compares it with what it was made of; only then is it put in its place. One that
 * fails or is stopped leaves nothing.
 *
 * @throws TunesmithError `export_differs`, what the target reports, and the signal's reason
 */
export async function runExport(
  plan: ExportPlan,
  target: ExportTarget,
  { onProgress, signal }: ExportRunOptions = {},
): Promise<ExportCheck> {
  let done = 0;
  const write = async (file: ExportFile, sink: ExportSink): Promise<void> => {
    let size = 0;
    for await (const part of file.parts()) {
      signal?.throwIfAborted();
      await sink.write(part);
      size += part.length;
      done += part.length;
      onProgress?.(done, file.name);
    }
    if (size !== file.size) throw new Error(`${file.name} has ${size} bytes, not ${file.size}`);
  };
  try {
    for (const file of plan.files) {
      signal?.throwIfAborted();
      onProgress?.(done, file.name);
      const sink = await target.open(file.name, file.size);
      try {
        await write(file, sink);
      } catch (error) {
        await sink.close().catch(() => undefined);
        throw error;
      }
      await sink.close();
    }
    signal?.throwIfAborted();
    onProgress?.(done, undefined);
    const check = await plan.check(await target.written());
    // NaN is at most nothing.
    if (!(check.difference <= check.allowed)) throw exportDiffers(check);
    await target.commit();
    return check;
  } catch (error) {
    // What failed first is what tells the reason.
    await target.discard().catch(() => undefined);
    throw error;
  }
}

/** What was written is not what it was made of. */
export function exportDiffers(check?: ExportCheck): TunesmithError {
  return new TunesmithError({
    code: 'export_differs',
    message: 'The exported files, read back, are not what they were made of.',
    hint: 'Export again. If it happens again, please report it: the export is not to be trusted.',
    detail: check ? `Logits differ by ${check.difference}; rounding explains ${check.allowed}.` : '',
  });
}
