import { adamw } from './adamw';
import { adamw8bit } from './adamw_8bit';
import type { FlatLayout, Optimizer, OptimizerPlan, OptimizerSettings } from './optimizer';

export const OPTIMIZERS: readonly Optimizer[] = [adamw, adamw8bit];

/** Plans the optimiser that the settings name for an adapter's parameters. */
export function optimizerPlan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan {
  const optimizer = OPTIMIZERS.find(({ name }) => name === settings.optim);
  if (!optimizer) throw new Error(`there is no optimiser ${settings.optim}`);
  return optimizer.plan(layout, settings);
}
