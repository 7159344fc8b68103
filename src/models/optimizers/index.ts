import { adafactor } from './adafactor';
import { adamw } from './adamw';
import { adamw8bit } from './adamw_8bit';
import { lion, lion8bit } from './lion';
import { muon } from './muon';
import { scheduleFreeAdamw } from './schedule_free_adamw';
import type { FlatLayout, Optimizer, OptimizerPlan, OptimizerSettings } from './optimizer';

export const OPTIMIZERS: readonly Optimizer[] = [
  adamw,
  adamw8bit,
  lion,
  lion8bit,
  adafactor,
  muon,
  scheduleFreeAdamw,
];

/** Plans the optimiser that the settings name for an adapter's parameters. */
export function optimizerPlan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan {
  const optimizer = OPTIMIZERS.find(({ name }) => name === settings.optim);
  if (!optimizer) throw new Error(`there is no optimiser ${settings.optim}`);
  return optimizer.plan(layout, settings);
}
