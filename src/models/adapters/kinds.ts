import { dora } from './dora';
import { freeze, full } from './full';
import { ia3 } from './ia3';
import type { AdapterKind, PeftForm } from './kind';
import { loftq } from './loftq';
import { lora } from './lora';
import { oft } from './oft';
import { pissa } from './pissa';
import type { WholeSettings } from './settings';

/** All kinds of adapters. The first one that the settings select counts, so plain LoRA is the last of its type. */
export const ADAPTER_KINDS: readonly AdapterKind[] = [loftq, pissa, dora, lora, oft, ia3, full, freeze];

export function adapterKind(settings: WholeSettings): AdapterKind {
  const type: string = settings.finetuning_type;
  const kind = ADAPTER_KINDS.find(
    (each) => each.finetuningType === type && (each.isMeant?.(settings) ?? true),
  );
  if (!kind) throw new Error('the settings mean no kind of adapter');
  return kind;
}

/** PEFT's configs of all kinds; several kinds may have one form. */
export function peftForms(): readonly PeftForm[] {
  return [...new Set(ADAPTER_KINDS.filter(({ isBase }) => !isBase).map(({ peft }) => peft))];
}
