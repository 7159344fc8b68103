import { format } from '../format';

interface Tensor {
  readonly name: string;
  readonly dtype: string;
}

/** Clauses and notes about models’ and adapters’ files. */
export const modelMessages = {
  base_size: ({ size, expected }: { size: number; expected: number }) =>
    `its file has ${size} bytes, but it must have ${expected}`,
  base_form: ({ name }: { name: string }) => `it does not say how ${name} is stored`,
  base_not_linear: ({ name }: { name: string }) => `${name} is not a linear layer`,
  base_tensor: ({ name, fault }: { name: string; fault: string }) => `${name} ${fault}`,
  base_bytes: ({ begin }: { begin: number }) =>
    `its bytes from ${begin} on have changed since they were written`,
  base_small_files: 'the copies of its small files have changed since they were written',
  base_written: ({ size, expected }: { size: number; expected: number }) =>
    `its file has ${size} bytes, but ${expected} were written`,

  packing_rows: ({ multiple }: { multiple: number }) =>
    `has rows whose length is not a multiple of ${multiple}`,
  packing_groups: ({ size, multiple }: { size: number; multiple: number }) =>
    `has groups of ${size}, which is not a multiple of ${multiple}`,
  packing_blocks: ({ size, multiple }: { size: number; multiple: number }) =>
    `has blocks of ${size}, which is not a multiple of ${multiple}`,
  packing_out: ({ rows, multiple }: { rows: number; multiple: number }) =>
    `has ${rows} rows, which is not a multiple of ${multiple}`,
  weight_shaped: ({ name, shape, fault }: { name: string; shape: string; fault: string }) =>
    `${name} ${shape} ${fault}`,
  weight_too_large: ({ name, bytes }: { name: string; bytes: number }) =>
    `${name} needs ${format.bytes(bytes)} in one piece, more than this device allows`,

  images_changed: ({ name }: { name: string }) =>
    `${name} changes how images are seen, but only text is used here`,
  adapter_tensor_stranger: ({
    file,
    name,
    kind,
  }: {
    file: string;
    name: string;
    kind: 'embedding' | 'module' | 'other';
  }) =>
    `${file} has ${name}, which is ${
      {
        embedding: 'an embedding or output head of the adapter’s own; such adapters are not supported',
        module: 'a whole module that was trained beside the adapter; such adapters are not supported',
        other: 'not a part of a LoRA or DoRA adapter',
      }[kind]
    }`,
  adapter_tensor_twice: ({ file, name }: { file: string; name: string }) =>
    `${file} has ${name} twice, under two names`,
  adapter_tensor_missing: ({ file, name, config }: { file: string; name: string; config: string }) =>
    `${file} has no ${name}, which ${config} asks for`,
  adapter_tensor_dtype: ({ file, name, dtype }: Tensor & { file: string }) =>
    `${file} stores ${name} as ${dtype}; F64, F32, F16 and BF16 can be read`,
  adapter_tensor_shape: ({
    file,
    name,
    config,
    found,
    expected,
  }: {
    file: string;
    name: string;
    config: string;
    found: string;
    expected: string;
  }) => `${file} has ${name} of shape ${found}; this model and ${config} make it ${expected}`,
  adapter_tensor_values: ({ file, name }: { file: string; name: string }) =>
    `${file} has NaN or infinite values in ${name}`,
  adapter_tensor_extra: ({ file, name, config }: { file: string; name: string; config: string }) =>
    `${file} has ${name}, which ${config} does not ask for or this model has no place for`,
  instead_pickle: 'adapter_model.bin: a PyTorch pickle, which can run any code. Save it as safetensors',
  instead_mlx: 'adapters.safetensors: an adapter of mlx-lm. Convert it to PEFT’s format',
  instead_early_mlx: 'adapters.npz: an adapter of an early mlx-lm. Convert it to PEFT’s format',

  weights_gguf_part: ({ path }: { path: string }) =>
    `it has ${path}, a part of a GGUF file, and parts are not read: join them first`,
  weights_consolidated: ({ path }: { path: string }) =>
    `it has ${path}, which names its tensors in Mistral’s own way`,
  weights_variant: ({ path, name }: { path: string; name: string }) =>
    `it has ${path}: rename it to ${name} if it is the one you want`,
  weights_without_index: ({ path, index }: { path: string; index: string }) =>
    `it has ${path}, but no ${index}`,
  weights_below: ({ folder }: { folder: string }) => `it has weights in the folder ${folder}: open that one`,

  index_tensor: ({
    index,
    name,
    file,
    found,
  }: {
    index: string;
    name: string;
    file: string;
    found: string | null;
  }) => `${index} says that ${name} is in ${file}, but it is ${found === null ? 'in none' : `in ${found}`}`,
  index_lacks: ({ index, name, file }: { index: string; name: string; file: string }) =>
    `${file} has ${name}, which ${index} doesn’t name`,

  tensor_no_float: ({ name, dtype }: Tensor) =>
    `${name} is stored as ${dtype}; F32, F16 and BF16 can be read`,
  tensor_other_dtype: ({ name, dtype, expected }: Tensor & { expected: string }) =>
    `${name} is stored as ${dtype}, but must be ${expected}`,
  tensor_other_dtypes: ({ name, dtype, allowed }: Tensor & { allowed: readonly string[] }) =>
    `${name} is stored as ${dtype}, but must be one of ${allowed.join(', ')}`,
  tensor_shape_by_config: ({
    name,
    found,
    file,
    expected,
  }: {
    name: string;
    found: string;
    file: string;
    expected: string;
  }) => `${name} is ${found} in ${file} and ${expected} by config.json`,
  tensor_shape_by_metadata: ({
    name,
    found,
    file,
    expected,
  }: {
    name: string;
    found: string;
    file: string;
    expected: string;
  }) => `${name} is ${found} in ${file} and ${expected} by its metadata`,
  tensor_shape_of_part: ({
    name,
    found,
    file,
    expected,
  }: {
    name: string;
    found: string;
    file: string;
    expected: string;
  }) => `${name} is ${found} in ${file}, but must be ${expected}`,
  tensor_bytes: ({ name, found, expected }: { name: string; found: number; expected: number }) =>
    `${name} has ${found} bytes, but must have ${expected}`,
  tensor_scales: ({ name, scales, elements }: { name: string; scales: number; elements: number }) =>
    `${name} has ${scales} scales for ${elements} elements, which fits no block size`,
  tensor_lacking: ({ name }: { name: string }) => `The weights lack ${name}, which config.json asks for`,
  tensor_part_lacking: ({ name }: { name: string }) =>
    `The weights lack ${name}, a part of a quantised weight`,
  tensor_useless: ({ file, name }: { file: string; name: string }) =>
    `${file} has ${name}, which config.json does not need`,
  tensor_useless_gguf: ({ file, name }: { file: string; name: string }) =>
    `${file} has ${name}, which its architecture does not need`,
  tensor_useless_bias: ({ name }: { name: string }) =>
    `The weights have ${name}, which config.json does not need`,
  tensor_strange_part: ({ name }: { name: string }) => `${name} is not a part of a weight in this format`,
  tensor_packing: ({
    name,
    out,
    input,
    fault,
  }: {
    name: string;
    out: number;
    input: number;
    fault: string;
  }) => `${name}, a weight [${out}, ${input}], ${fault}`,
  tensor_group: ({
    name,
    column,
    group,
    groups,
  }: {
    name: string;
    column: number;
    group: number;
    groups?: number;
  }) =>
    `${name}[${column}] is group ${group}, but ${groups === undefined ? 'config.json says desc_act = false' : `there are ${groups}`}`,
  rope_factors: ({ file, name, type }: { file: string; name: string; type: string }) =>
    `${file} has ${name} as ${type}`,
  quant_state_long: ({ name }: { name: string }) => `${name} is too long`,
  quant_state_field: ({ name, field, reason }: { name: string; field?: string; reason: string }) =>
    `${name}: ${field ?? 'the JSON'}: ${reason}`,
  quant_state_differs: ({
    name,
    field,
    said,
    found,
  }: {
    name: string;
    field: string;
    said: string;
    found: string;
  }) => `${name} says ${field} = ${said}, but the weight has ${found}`,
  quant_state_offset: ({ name }: { name: string }) => `${name} has no nested_offset`,
  quant_map_values: ({ name }: { name: string }) => `${name} has other values than NF4`,
  quantization_config: ({ what }: { what: string }) =>
    `config.json has a quantization_config with ${what}, which is not supported`,
  quantization_field: ({ field, value, method }: { field: string; value: string; method?: string }) =>
    `${field} = ${value}${method === undefined ? '' : ` for ${method}`}`,
  quantization_dynamic: 'dynamic rules for some modules',
  quantization_group_size: 'is neither -1 nor a multiple of 4',
  quantization_bitsandbytes: ({ path, form }: { path: string; form: 'FP4' | 8 }) =>
    `${path} is stored by bitsandbytes in ${form === 8 ? '8 bits' : form}; only its NF4 is supported`,
  quantization_not_linear: ({ path }: { path: string }) =>
    `${path} is quantised; only quantised linear layers are supported`,

  beta1_above_zero: 'Set adam_beta1 to 0.9, or choose another optim.',
  base_not_nf4: 'a base that is not quantised to 4 bits here',
  loftq_on_nf4: 'Set load_in_4bit = true, or choose init_lora_weights = true.',
  pissa_or_dora: 'Choose one of the two.',
  pissa_scales:
    'The adapter is saved as plain LoRA, which does not have these scales. Leave out use_rslora or the patterns.',
  rslora_and_patterns: 'use_rslora and rank_pattern or alpha_pattern',

  attention_dropout_left_out: ({ rate }: { rate: number }) =>
    `Its attention_dropout of ${rate} is not applied in training.`,
  images_left_aside: 'Its image part is not used: training and answers are text only.',
  unpacked_head: ({ types, dtype }: { types: readonly string[]; dtype: string }) =>
    `The embedding or the head is in ${types.join(', ')}: loading unpacks it to ${dtype}.`,
  unpacked_layers: ({ types, dtype }: { types: readonly string[]; dtype: string | null }) =>
    `Layers in ${types.join(', ')} can’t run as stored: loading unpacks them and ${
      dtype === null ? 'quantises them again to NF4' : `keeps them in ${dtype}`
    }.`,
  quantised_layers: ({ types }: { types: readonly string[] }) =>
    `Layers in ${types.join(', ')} are quantised to NF4, because load_in_4bit is on. Switch it off to keep them as the file stores them.`,
};
