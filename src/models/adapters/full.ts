import type { AdapterKind, PeftForm } from './kind';

/** PEFT has no form for a model that is trained itself; nothing is written or read in it. */
const form: PeftForm = {
  type: '',
  entries: {},
  harmless: [],
  write: () => ({}),
  read: () => ({}),
};

/** No adapter at all: tensors of the base are trained themselves (`wholeTensors`). */
function withoutAdapter(finetuningType: string): AdapterKind {
  return {
    name: finetuningType,
    title: `finetuning_type = ${finetuningType}`,
    finetuningType,
    isBase: true,
    peft: form,
    parts: () => [],
    linear: noMap,
    inGeneration: noMap,
    merge: noMap,
  };
}

function noMap(): never {
  throw new Error('there is no adapter around a linear map');
}

/** All tensors of the base. */
export const full = withoutAdapter('full');
/** Some blocks of the base. */
export const freeze = withoutAdapter('freeze');
