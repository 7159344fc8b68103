/** Settings of an adapter, by PEFT's names. */
export interface AdapterSettings {
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly use_rslora: boolean;
  /** Weight-decomposed LoRA: a trained magnitude for each output. */
  readonly use_dora?: boolean;
  /** Names of modules, ends of their paths, or whole paths. */
  readonly target_modules: 'all-linear' | readonly string[];
}
