/** Settings of an adapter, by PEFT's names. */
export interface AdapterSettings {
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly use_rslora: boolean;
  /** Weight-decomposed LoRA: a trained magnitude for each output. */
  readonly use_dora?: boolean;
  /** Ranks and alphas of modules whose paths, or ends of them, a regular expression of Python matches; the first counts. */
  readonly rank_pattern?: Readonly<Record<string, number>>;
  readonly alpha_pattern?: Readonly<Record<string, number>>;
  /** The layers that have an adapter; all of them if null. */
  readonly layers_to_transform?: readonly number[] | null;
  /** Names of modules, ends of their paths, or whole paths. */
  readonly target_modules: 'all-linear' | readonly string[];
}

/** The adapter's settings among others, each of them said. */
export function wholeSettings(settings: AdapterSettings): Required<AdapterSettings> {
  const { r, lora_alpha, lora_dropout, use_rslora, use_dora = false, target_modules } = settings;
  const { rank_pattern = {}, alpha_pattern = {}, layers_to_transform = null } = settings;
  return {
    ...{ r, lora_alpha, lora_dropout, use_rslora, use_dora },
    ...{ rank_pattern, alpha_pattern, layers_to_transform, target_modules },
  };
}
