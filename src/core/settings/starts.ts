import type { TrainSettings } from './table';

/** Whether an adapter begins as PiSSA. */
export function startsAsPissa({
  finetuning_type: type,
  init_lora_weights: start,
}: Pick<TrainSettings, 'finetuning_type' | 'init_lora_weights'>): boolean {
  return type === 'lora' && typeof start === 'string' && start.startsWith('pissa');
}
