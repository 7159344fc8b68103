import { TunesmithError } from '../../core/errors';
import { adamw } from './adamw';
import { adamw8bit } from './adamw_8bit';
import type { FlatLayout, Optimizer, OptimizerPlan, OptimizerSettings } from './optimizer';

/** The first is the default. */
export const OPTIMIZERS: readonly Optimizer[] = [adamw, adamw8bit];

/** @throws TunesmithError `optim_unknown` if there is no optimiser of the name */
export function optimizerPlan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan {
  const { optim = adamw.name } = settings;
  const optimizer = OPTIMIZERS.find(({ name, aliases }) => name === optim || aliases.includes(optim));
  if (!optimizer) {
    throw new TunesmithError({
      code: 'optim_unknown',
      message: `optim: there is no optimiser "${optim}".`,
      hint: `Choose one of ${OPTIMIZERS.flatMap(({ name, aliases }) => [name, ...aliases]).join(', ')}.`,
    });
  }
  return optimizer.plan(layout, settings);
}
