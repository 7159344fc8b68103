import type { TrainSettings } from './table';

/** Whether an adapter begins as PiSSA. */
export function startsAsPissa({
  init_lora_weights: start,
}: Pick<TrainSettings, 'init_lora_weights'>): boolean {
  return typeof start === 'string' && start.startsWith('pissa');
}
