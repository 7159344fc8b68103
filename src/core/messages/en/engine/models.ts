import { format } from '../format';

interface Tensor {
  readonly name: string;
  readonly dtype: string;
}

/** Clauses and notes about models’ and adapters’ files. */
export const modelMessages = {
  base_size: ({ size, expected }: { size: number; expected: number }) =>
    `its file has ${size} bytes where ${expected} belong`,
  base_form: ({ name }: { name: string }) => `it does not say how ${name} is stored`,
  base_not_linear: ({ name }: { name: string }) => `${name} is no linear map`,
  base_tensor: ({ name, fault }: { name: string; fault: string }) => `${name} ${fault}`,
  base_bytes: ({ begin }: { begin: number }) => `its bytes from ${begin} on are not those that were written`,
  base_small_files: 'the copies of its small files are not as they were written',
  base_written: ({ size, expected }: { size: number; expected: number }) =>
    `its file has ${size} bytes where ${expected} were written`,

  packing_rows: ({ multiple }: { multiple: number }) => `has rows of no multiple of ${multiple} elements`,
  packing_groups: ({ size, multiple }: { size: number; multiple: number }) =>
    `has groups of ${size}, which is no multiple of ${multiple}`,
  packing_blocks: ({ size, multiple }: { size: number; multiple: number }) =>
    `has blocks of ${size}, which is no multiple of ${multiple}`,
  packing_out: ({ rows, multiple }: { rows: number; multiple: number }) =>
    `has ${rows} rows, which is no multiple of ${multiple}`,
  weight_shaped: ({ name, shape, fault }: { name: string; shape: string; fault: string }) =>
    `${name} ${shape} ${fault}`,
  weight_too_large: ({ name, bytes }: { name: string; bytes: number }) =>
    `${name} needs ${format.bytes(bytes)} in one piece, more than this device allows`,

  images_changed: ({ name }: { name: string }) =>
    `${name} changes how images are seen, which is left aside here`,
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
        embedding:
          'an embedding or output head of the adapter’s own: adapters that bring those are not supported',
        module:
          'a whole module that was trained beside the adapter: adapters that bring those are not supported',
        other: 'no part of a LoRA or DoRA adapter',
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
  instead_pickle: 'adapter_model.bin: a pickle of PyTorch, which can run any code. Save it as safetensors',
  instead_mlx: 'adapters.safetensors: an adapter of mlx-lm. Convert it to the format of PEFT',
  instead_early_mlx: 'adapters.npz: an adapter of an early mlx-lm. Convert it to the format of PEFT',
  instead_gguf: 'a GGUF file: an adapter of llama.cpp. Use the PEFT adapter that it was made of',

  weights_gguf_part: ({ path }: { path: string }) =>
    `it has ${path}, a part of a GGUF file, and parts are not read: join them first`,
  weights_consolidated: ({ path }: { path: string }) =>
    `it has ${path}, which names its tensors in Mistral's own way`,
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
    `${file} has ${name}, which ${index} doesn't name`,

  tensor_no_float: ({ name, dtype }: Tensor) =>
    `${name} is stored as ${dtype}; F32, F16 and BF16 can be read`,
  tensor_other_dtype: ({ name, dtype, expected }: Tensor & { expected: string }) =>
    `${name} is stored as ${dtype}, where ${expected} is meant`,
  tensor_other_dtypes: ({ name, dtype, allowed }: Tensor & { allowed: readonly string[] }) =>
    `${name} is stored as ${dtype}, where one of ${allowed.join(', ')} is meant`,
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
  }) => `${name} is ${found} in ${file}, where ${expected} is meant`,
  tensor_bytes: ({ name, found, expected }: { name: string; found: number; expected: number }) =>
    `${name} has ${found} bytes, where ${expected} are meant`,
  tensor_scales: ({ name, scales, elements }: { name: string; scales: number; elements: number }) =>
    `${name} has ${scales} scales for ${elements} elements, which suits no block size`,
  tensor_lacking: ({ name }: { name: string }) => `The weights lack ${name}, which config.json asks for`,
  tensor_part_lacking: ({ name }: { name: string }) =>
    `The weights lack ${name}, a part of a quantised weight`,
  tensor_useless: ({ file, name }: { file: string; name: string }) =>
    `${file} has ${name}, for which config.json has no use`,
  tensor_useless_gguf: ({ file, name }: { file: string; name: string }) =>
    `${file} has ${name}, for which its architecture has no use`,
  tensor_useless_bias: ({ name }: { name: string }) =>
    `The weights have ${name}, for which config.json has no use`,
  tensor_strange_part: ({ name }: { name: string }) => `${name} is no part of a weight that is stored so`,
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
  quant_state_long: ({ name }: { name: string }) => `${name} is too long to be what its name says`,
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
    `config.json has a quantization_config with ${what}, which is not built here`,
  quantization_field: ({ field, value, method }: { field: string; value: string; method?: string }) =>
    `${field} = ${value}${method === undefined ? '' : ` for ${method}`}`,
  quantization_dynamic: 'dynamic rules for some modules',
  quantization_group_size: 'is neither -1 nor a multiple of 4',
  quantization_bitsandbytes: ({ path, form }: { path: string; form: 'FP4' | 8 }) =>
    `${path} is stored by bitsandbytes in ${form === 8 ? '8 bits' : form}; only its NF4 is built here`,
  quantization_not_linear: ({ path }: { path: string }) =>
    `${path} is quantised; that is built for linear layers only`,

  pissa_or_dora: 'Choose one of both.',
  pissa_scales:
    'The adapter is saved as plain LoRA, which has no such scales. Leave out use_rslora or the patterns.',
  rslora_and_patterns: 'use_rslora and rank_pattern or alpha_pattern',

  attention_dropout_left_out: ({ rate }: { rate: number }) =>
    `Its attention_dropout of ${rate} is not applied in training.`,
  images_left_aside: 'Its part for images is left aside: text alone is trained on and answered.',
  unpacked_head: ({ types, dtype }: { types: readonly string[]; dtype: string }) =>
    `The embedding or the head is in ${types.join(', ')}: loading unpacks it to ${dtype}.`,
  unpacked_layers: ({ types, dtype }: { types: readonly string[]; dtype: string | null }) =>
    `Layers in ${types.join(', ')} are not run as stored: loading unpacks them and ${
      dtype === null ? 'quantises them anew to NF4' : `keeps them in ${dtype}`
    }.`,
  quantised_layers: ({ types }: { types: readonly string[] }) =>
    `Layers in ${types.join(', ')} are quantised to NF4, because load_in_4bit is on. Switch it off to keep them as the file stores them.`,
};
