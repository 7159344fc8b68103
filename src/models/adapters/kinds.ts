import { dora } from './dora';
import type { AdapterKind } from './kind';
import { lora } from './lora';
import { pissa } from './pissa';
import type { WholeSettings } from './settings';

/** All kinds of adapters. The first one that the settings select counts; plain LoRA is the last. */
export const ADAPTER_KINDS: readonly AdapterKind[] = [pissa, dora, lora];

export function adapterKind(settings: WholeSettings): AdapterKind {
  const kind = ADAPTER_KINDS.find((each) => each.isMeant(settings));
  if (!kind) throw new Error('the settings mean no kind of adapter');
  return kind;
}
