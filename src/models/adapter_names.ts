export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

/** The files of a PEFT adapter, as messages name them. */
export const ADAPTER_FILES = { config: ADAPTER_CONFIG, weights: ADAPTER_WEIGHTS };
