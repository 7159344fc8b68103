import { format } from '../format';

/** Clauses about files of weights, of adapters’ settings and of checkpoints. */
export const formatMessages = {
  safetensors_file: 'The safetensors file',
  checkpoint_file: 'The checkpoint',

  checkpoint_version: ({ format }: { format: string }) =>
    `is not a checkpoint of this version (its format is “${format}”)`,
  checkpoint_hash: 'is not as it was written: its SHA-256 differs',
  checkpoint_state: 'describes a state that can’t be understood',
  checkpoint_tensor_missing: ({ name, wanted }: { name: string; wanted: string }) =>
    `has no tensor “${name}”, but the run needs ${wanted}`,
  checkpoint_tensor_differs: ({ name, held, wanted }: { name: string; held: string; wanted: string }) =>
    `has ${held} as “${name}”, but the run needs ${wanted}`,

  adapter_not_object: 'is not a JSON object',
  adapter_field: ({ field, reason }: { field: string; reason: string }) =>
    `has a ${field} that can’t be used: ${reason}`,
  adapter_field_unknown: ({ field, value }: { field: string; value: string }) =>
    `sets ${field}, which is not supported: ${field} is ${value}`,
  adapter_not_known: ({ types }: { types: readonly string[] }) =>
    `only adapters of these types are supported: ${types.join(', ')}`,
  adapter_not_causal: 'only adapters of causal language models are supported',
  adapter_without_targets: 'must name the modules that have an adapter',
  adapter_whole_modules: ({ given }: { given: string }) =>
    `it brings whole trained modules (${given}), which are not supported`,
  adapter_bias: 'trained biases are not supported',
  adapter_oft_blocks: 'a number of blocks is not supported, only their size, oft_block_size',
  adapter_base_changed:
    'this initialisation changes the base weights that the adapter belongs to; convert the adapter to plain LoRA first',

  gguf_tensors: 'tensors',
  gguf_metadata_entries: 'metadata entries',
  gguf_bytes: ({ bytes }: { bytes: number }) => `${format.count(bytes)} bytes`,
  gguf_bytes_of: ({ of }: { of: string }) => `bytes of ${of}`,
  gguf_key_number: ({ index }: { index: number }) => `metadata key ${index}`,
  gguf_value_of: ({ key }: { key: string }) => `metadata ${key}`,
  gguf_values_of: ({ key }: { key: string }) => `values of metadata ${key}`,
  gguf_name_number: ({ index }: { index: number }) => `name of tensor ${index}`,
  gguf_axis_of: ({ name }: { name: string }) => `an axis of tensor “${name}”`,
  gguf_offset_of: ({ name }: { name: string }) => `the offset of tensor “${name}”`,
  gguf_token_missing: ({ key, id, tokens }: { key: string; id: number; tokens: number }) =>
    `${key} is ${id}, but this model has only ${tokens} tokens: it is ignored.`,
};
