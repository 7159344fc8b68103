import { listOf } from '../../data/example_list';
import { message } from '../../core/messages/message';
import { Adapter } from '../../models/adapter';
import { objectiveOf } from '../../models/objectives';
import { optimizerPlan } from '../../models/optimizers';
import { compileTraining } from '../../models/training';
import { sweepRates, type RateSweep } from '../../train/find_rate';
import { capacityOf, planOf } from '../../train/plan';
import { prepareKernels, startOf, type TrainingRequest } from './training';

type FinderRequest = Pick<
  TrainingRequest,
  'loaded' | 'kernels' | 'layout' | 'weights' | 'dataset' | 'settings' | 'control' | 'onEvent'
>;

/**
 * Sweeps the learning rate with an adapter and an optimiser of its own. Both are dropped at the end, so that no state is
 * touched; the progress is told as that of a preparation.
 */
export async function findRate(request: FinderRequest): Promise<RateSweep> {
  const { dataset, settings, layout, control, weights, onEvent } = request;
  const loaded = await request.loaded();
  const { device, model } = loaded;
  loaded.dropChat();
  const start = weights && (await startOf(request, weights, model));
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  const owned: { destroy(): void }[] = [adapter];
  try {
    if (start) await adapter.writeStart(model, start);
    const { training } = dataset;
    const plan = planOf(settings, training);
    const capacity = capacityOf(plan, settings.per_device_train_batch_size, training, listOf([]));
    const options = { capacity, settings };
    const plans = await prepareKernels({ ...request, samplePrompts: [] }, loaded, undefined, options);
    const program = await compileTraining(model, adapter, options, plans);
    owned.push(program);
    return await sweepRates({
      program,
      objective: objectiveOf(settings),
      examples: training,
      settings,
      signal: control.signal,
      onProgress: (fraction) =>
        onEvent({ event: 'state', state: 'preparing', message: message('rates_trying'), fraction }),
    });
  } finally {
    for (const part of owned.reverse()) part.destroy();
  }
}
