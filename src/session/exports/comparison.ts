import { errorClass, errorCode } from '../../core/errors';
import type { CheckOptions, ComparedLogits, LogitsOptions, SampleLogits } from '../../exports/format';
import type { Device } from '../../gpu/device';
import type { Adapter } from '../../models/adapter';
import type { Checkpoint } from '../../models/files';
import type { ModelLayout } from '../../models/layout';
import { logitsByParts } from '../../models/logits_by_parts';
import type { Model } from '../../models/model';
import type { TunedAdapter } from '../models/loaded';

/** Number of tokens whose logits are compared. */
const COMPARED_TOKENS = 16;

/** The part of a session that a comparison needs. */
interface Compared {
  readonly layout: ModelLayout;
  device(): Promise<Device>;
  logits(
    ids: readonly number[],
    options?: { readonly tuned?: TunedAdapter; readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array<ArrayBuffer>>;
  withTuned<T>(work: (model: Model, adapter: Adapter) => Promise<T>): Promise<T>;
  unload(): void;
}

/** Logits of the same few tokens, with the tuned adapter and with another one on the same base. */
export async function compareAdapters(
  session: Compared,
  other: TunedAdapter,
  { onProgress, signal }: CheckOptions = {},
): Promise<ComparedLogits> {
  const ids = comparedIds(session);
  const ours = await session.logits(ids, { signal });
  onProgress?.(0.5);
  return { ours, theirs: await session.logits(ids, { tuned: other, signal }) };
}

/** The few tokens of comparisons, and their logits with the tuned adapter. */
export async function tunedLogits(
  session: Compared,
  { reference, onProgress, signal }: LogitsOptions = {},
): Promise<SampleLogits> {
  const ids = comparedIds(session);
  if (!reference) return { ids, logits: await session.logits(ids, { signal }) };
  const logits = await session.withTuned(({ device }, adapter) =>
    logitsByParts(device, reference, ids, { adapter, ...partsOf(onProgress), signal }),
  );
  return { ids, logits };
}

/**
 * Logits of the same few tokens from a checkpoint of which one block at a time is on the device. If the device has no room
 * for it beside the open model, that is freed; its next use loads it again.
 */
export async function checkpointLogits(
  session: Compared,
  checkpoint: Checkpoint,
  { onProgress, signal }: CheckOptions = {},
): Promise<Float32Array> {
  const byParts = async (): Promise<Float32Array> =>
    await logitsByParts(await session.device(), checkpoint, comparedIds(session), {
      ...partsOf(onProgress),
      signal,
    });
  try {
    return await byParts();
  } catch (error) {
    if (!lacksRoom(error)) throw error;
    session.unload();
    return await byParts();
  }
}

function partsOf(onProgress: CheckOptions['onProgress'] = () => undefined): {
  readonly onProgress: (done: number, parts: number) => void;
} {
  return {
    onProgress: (done, parts) => {
      onProgress(done / parts);
    },
  };
}

function comparedIds({ layout }: Compared): readonly number[] {
  const { vocabularySize } = layout.spec;
  return Array.from({ length: COMPARED_TOKENS }, (_, i) => (i * 7919) % vocabularySize);
}

/** Whether an error means that the device has too little memory. */
export function lacksRoom(error: unknown): boolean {
  return errorClass(error) === 'fit' || errorCode(error) === 'gpu_out_of_memory';
}
