import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import { scheduleFreeAdamw as scheduleFreeAdamwOp } from '../../ops/schedule_free_adamw';
import { adamScalars } from './adamw';
import { flatTable } from './flat';
import type { Optimizer } from './optimizer';

/** The state in which micro-batches compute their gradients. */
const TRAINING = 'training_point';

/**
 * Schedule-free AdamW (Defazio et al. 2024), as schedulefree's AdamWScheduleFree: gradients are taken at one point, and the adapter
 * for use is an average of all points, in place of a learning rate that falls. It keeps one number a parameter more than AdamW.
 */
export const scheduleFreeAdamw: Optimizer = {
  name: 'schedule_free_adamw',
  plan(layout, settings) {
    // Derived values are those of the parameters for use.
    if (layout.derivedSize)
      throw new TunesmithError({ code: 'optimizer_derived', values: { optim: settings.optim } });
    // The average divides by it.
    if (settings.adam_beta1 === 0) {
      const values = { setting: 'optim', value: settings.optim, other: 'adam_beta1 = 0' };
      throw new TunesmithError({
        code: 'settings_conflict',
        values: { ...values, hint: message('beta1_above_zero') },
      });
    }
    const { tables, tensors } = flatTable(layout, settings);
    const shape = [layout.size];
    return {
      state: [
        { name: TRAINING, dtype: 'F32', shape, begins: 'parameters' },
        { name: 'z', dtype: 'F32', shape, begins: 'parameters' },
        { name: 'moment2', dtype: 'F32', shape },
        { name: 'weights', dtype: 'F32', shape: [4] },
      ],
      training: TRAINING,
      tables,
      step(trace, { of, ...flat }) {
        const state = { training: of(TRAINING), z: of('z'), moment2: of('moment2'), weights: of('weights') };
        scheduleFreeAdamwOp(trace, { ...flat, ...state }, tensors(of));
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};
