import { format } from './format';

interface AdapterFacts {
  /** As a person reads it: LoRA. */
  readonly kind: string;
  /** Absent for kinds without a rank. */
  readonly r?: number | undefined;
  /** lora_alpha, written out. */
  readonly alpha: string;
  readonly parameters: number;
  readonly modules: readonly string[];
}

function adapterOf({ kind, r, alpha, parameters, modules }: AdapterFacts): string {
  const article = /^[AEIO]/.test(kind) ? 'An' : 'A';
  const rank = r === undefined ? '' : ` of rank ${r} (lora_alpha ${alpha})`;
  return `${article} ${kind} adapter${rank} with ${format.count(parameters)} parameters on ${modules.join(', ')}`;
}

/** The model card: README.md of an export. */
export const card = {
  adapterTitle: (kind: string, model: string) => `${kind} adapter for ${model}`,
  mergedTitle: (model: string) => `Fine-tuned ${model}`,
  merged: (model: string, dtype: string) => `${model} in ${dtype}, merged with an adapter:`,
  trainedWhole: (model: string, dtype: string, parameters: number, how: string) =>
    `${model} in ${dtype}, of which ${format.count(parameters)} parameters were trained with Tunesmith (${how}).`,
  trained: (adapter: AdapterFacts) => `${adapterOf(adapter)}, trained with Tunesmith.`,
  exported: (adapter: AdapterFacts) => `${adapterOf(adapter)}, exported by Tunesmith.`,
  startedAsPissa: (r: number, start: string) =>
    `It was trained as PiSSA of rank ${r} (init_lora_weights ${start}) and is saved as plain LoRA, which takes twice the rank.`,
  startedAsLoftq:
    'It began as the quantisation error of the base (LoftQ), so it belongs to the base in 4 bits (NF4), not to the base in full precision.',
  data: 'Examples',
  dataColumns: ['files', 'examples', 'tokens', 'target tokens', 'held-out examples', 'held-out tokens'],
  cleaned: 'The examples were cleaned by these steps, in this order:',
  cleaningColumns: ['step', 'rows changed', 'rows dropped'],
  generated: 'These of the training rows were written by a model or a program, and accepted by a person:',
  generatedColumns: ['origin', 'rows'],
  loss: 'Loss',
  lossColumns: ['up to step', 'training loss', 'evaluation loss', 'perplexity'],
  bestStep: (step: number) =>
    `The adapter is that of step ${format.count(step)}, after which the evaluation loss was lowest (load_best_model_at_end).`,
  settings: 'Settings',
  settingsColumns: ['setting', 'value'],
  useWith: (program: string) => `Use with ${program}`,
  trainedQuantised:
    'The adapter was trained on the quantised base model. With other weights of the same model, such as the unquantised ones, answers differ a little.',
  trainedBesideQuantised:
    'The weights that were not trained were quantised during the training, and are written as they were then or as they were before.',
  mergedFromQuantised:
    'The adapter was trained on the quantised base model. These weights are the dequantised ones plus the adapter.',
  mergedOnOriginal:
    'The adapter was trained on the quantised base model. These weights are the base’s original ones plus the adapter.',
};
