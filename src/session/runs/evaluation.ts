import { message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import { listOf, type ExampleList } from '../../data/example_list';
import type { Adapter } from '../../models/adapter';
import { compileEvaluation } from '../../models/evaluation';
import type { Model } from '../../models/model';
import { objectiveOf } from '../../models/objectives';
import { planEvaluation } from '../../models/training_graph';
import { evaluate, lossNotFinite, type Evaluation } from '../../train/evaluate';
import { capacityOf, planOf } from '../../train/plan';
import { FIT_SECONDS, type Kernels } from '../kernels';

/** The loss of a model and an adapter on the device over examples. Undefined if no token is a target. */
export async function evaluateExamples(
  kernels: Kernels,
  model: Model,
  adapter: Adapter | undefined,
  { settings, examples }: { readonly settings: TrainSettings; readonly examples: ExampleList },
): Promise<Evaluation | undefined> {
  const plan = planOf(settings, examples);
  const capacity = capacityOf(plan, settings.per_device_train_batch_size, examples, listOf([]));
  const options = { capacity, settings };
  const { limits } = model.device;
  const { planned } = await kernels.prepare(
    model,
    () => {
      const plan = planEvaluation(model.layout, adapter?.layout, { ...options, limits });
      return { plan, programs: [{ plan }] };
    },
    { seconds: FIT_SECONDS },
  );
  const program = await compileEvaluation(model, adapter, options, planned);
  try {
    const result = await evaluate(program, objectiveOf(settings), examples);
    if (result && !Number.isFinite(result.loss)) throw lossNotFinite(message('loss_not_finite_now'));
    return result;
  } finally {
    program.destroy();
  }
}
