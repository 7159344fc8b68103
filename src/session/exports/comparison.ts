import { errorClass, errorCode } from '../../core/errors';
import type { ComparedLogits } from '../../exports/format';
import type { Device } from '../../gpu/device';
import type { Checkpoint } from '../../models/files';
import type { ModelLayout } from '../../models/layout';
import { loadModel } from '../../models/load';
import { allLogits } from '../../models/logits';
import type { Model } from '../../models/model';
import type { TunedAdapter } from '../models/loaded';

/** Number of tokens in a comparison of two adapters' logits. */
const COMPARED_TOKENS = 16;

/** The part of a session that a comparison needs. */
interface Compared {
  readonly layout: ModelLayout;
  device(): Promise<Device>;
  logits(ids: readonly number[], tuned?: TunedAdapter): Promise<Float32Array<ArrayBuffer>>;
}

/** The largest difference between the logits of the tuned adapter and of another one, for a few tokens. */
export async function compareLogits(session: Compared, other: TunedAdapter): Promise<number> {
  const ids = comparedIds(session);
  const ours = await session.logits(ids);
  const theirs = await session.logits(ids, other);
  return ours.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (theirs[i] ?? NaN))), 0);
}

/**
 * Logits of the same few tokens, from the open model with its adapter and from another model beside it on the device;
 * undefined if the device has no room for both.
 */
export async function compareWith(
  session: Compared,
  checkpoint: Checkpoint,
): Promise<ComparedLogits | undefined> {
  const ids = comparedIds(session);
  const ours = await session.logits(ids);
  const device = await session.device();
  const load = { load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'auto' as const };
  let model: Model | undefined;
  try {
    model = await loadModel(device, checkpoint, load);
    return { ours, theirs: await allLogits(model, undefined, ids) };
  } catch (error) {
    if (lacksRoom(error)) return undefined;
    throw error;
  } finally {
    model?.destroy();
  }
}

function comparedIds({ layout }: Compared): readonly number[] {
  const { vocabularySize } = layout.spec;
  return Array.from({ length: COMPARED_TOKENS }, (_, i) => (i * 7919) % vocabularySize);
}

/** Whether an error means that the device has too little memory. */
export function lacksRoom(error: unknown): boolean {
  return errorClass(error) === 'fit' || errorCode(error) === 'gpu_out_of_memory';
}
