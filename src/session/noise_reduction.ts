import { message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import { reduceNoise, type ReducedModule } from '../models/adapters/noise_reduction';
import type { TunedAdapter } from './models/loaded';
import type { OnProgress } from './progress';
import type { Session } from './session';

/** An adapter before and after NoRM. */
export interface NoiseReduction {
  readonly modules: readonly ReducedModule[];
  /** Trainable parameters. */
  readonly parameters: BeforeAfter;
  /** Absent without examples. */
  readonly loss?: BeforeAfter & {
    /** The held-out examples if there are some, else those of training. */
    readonly over: 'held_out' | 'training';
  };
}

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

export interface NoiseReductionRequest {
  /** The settings with which the open examples were read; undefined to compute no loss. */
  readonly settings: TrainSettings | undefined;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Reduces the noise of the tuned adapter, and computes the loss of both adapters over the session's examples. The tuned
 * adapter stays as it is. Throws `no_adapter`, and as `reduceNoise`.
 */
export async function reduceTunedNoise(
  session: Pick<Session, 'requireTuned' | 'withBase' | 'evaluate' | 'hasDataset' | 'dataset'>,
  { settings, onProgress, signal }: NoiseReductionRequest,
): Promise<NoiseReduction & { readonly tuned: TunedAdapter }> {
  const former = session.requireTuned();
  const { modules, ...reduced } = await session.withBase((model) =>
    reduceNoise(model, former, {
      ...(signal && { signal }),
      onProgress: (fraction) => onProgress({ label: message('noise_reducing'), fraction }),
    }),
  );
  const tuned: TunedAdapter = { ...former, ...reduced };
  const parameters = { before: former.layout.parameters, after: reduced.layout.parameters };
  if (!settings || !session.hasDataset) return { tuned, modules, parameters };
  const { heldOut, training } = session.dataset;
  const over = heldOut.length > 0 ? 'held_out' : 'training';
  const lossOf = async (adapter: TunedAdapter): Promise<number | undefined> => {
    signal?.throwIfAborted();
    onProgress({ label: message('noise_measuring') });
    const found = await session.evaluate(settings, over === 'held_out' ? heldOut : training, adapter);
    return found?.loss;
  };
  const [before, after] = [await lossOf(former), await lossOf(tuned)];
  if (before === undefined || after === undefined) return { tuned, modules, parameters };
  return { tuned, modules, parameters, loss: { before, after, over } };
}
