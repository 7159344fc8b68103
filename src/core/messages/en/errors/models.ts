import { format } from '../format';

interface Fault {
  readonly fault: string;
}

const checkpoint = ({ fault }: Fault) => ({
  message: `${fault}.`,
  hint: 'Check that config.json and the weights belong to the same model, and that their downloads are complete.',
});

const again = 'Download the file again.';
const versions = 'The files belong to different models or versions. Download them again.';
const config = 'Use the config.json from the folder of a Transformers checkpoint.';

/** How to save the model that a module of PyTorch or PEFT holds. */
const unwrapped = {
  peft: 'Save the result of merge_and_unload(), or save the base model and the adapter separately with save_pretrained().',
  parallel: 'Save model.module with save_pretrained().',
  compiled: 'Save model._orig_mod with save_pretrained().',
};

/** Errors of models’ and adapters’ files, and of what a device can hold of them. */
export const modelErrors = {
  weights_quantized: ({ method, instead, path }: { method: string; instead: string; path?: string }) =>
    path === undefined
      ? {
          message: `${method} needs the unquantised weights, but only a quantised copy of this model is saved here.`,
          hint: `Open the model’s folder from your disk, load it with load_in_4bit = false, or choose ${instead}.`,
        }
      : {
          message: `${method} needs the unquantised weights, but this model’s files have ${path} only quantised.`,
          hint: `Choose the unquantised version of this model, or ${instead}.`,
        },
  base_damaged: ({ fault }: Fault) => ({
    message: `The saved copy of this model is damaged: ${fault}.`,
    hint: 'Remove it, and open the model again from its source.',
  }),
  json_invalid: ({ file, size }: { file: string; size?: number }) => ({
    message:
      size === undefined
        ? `${file} is not valid JSON.`
        : `${file} has ${size} bytes, too many for a file of settings or a tokenizer.`,
    hint: again,
  }),
  text_not_utf8: ({ file, encoding }: { file: string; encoding: string }) => ({
    message: `${file} is not in UTF-8; it is ${encoding}.`,
    hint: 'Save it as UTF-8, or download the file again.',
  }),
  adapter_not_peft: ({ file }: { file: string }) => ({
    message: `${file} belongs to an adapter of mlx-lm, not of PEFT.`,
    hint: 'Convert the adapter to PEFT’s format first.',
  }),
  target_modules_outside: ({ file, module }: { file: string; module: string }) => ({
    message: `${file} targets ${module}, which is not supported: adapters work only on the linear layers inside the model’s layers.`,
    hint: 'Use an adapter that targets only these linear layers.',
  }),
  adapter_tensor: ({ fault }: Fault) => ({
    message: `${fault}.`,
    hint: 'Check that the adapter was made for this base model, and that its files belong together.',
  }),
  adapter_file_missing: ({
    name,
    instead,
    config,
    weights,
  }: {
    name: string;
    instead?: string;
    config: string;
    weights: string;
  }) => ({
    message: `The adapter has no ${name}${instead === undefined ? '' : `, but ${instead}`}.`,
    hint: `A PEFT adapter is a folder, or a zip, with ${config} and ${weights}.`,
  }),
  adapter_gguf: ({
    file,
    key,
    found,
    expected,
  }: {
    file: string;
    key: string;
    found: string;
    expected: string;
  }) => ({
    message: `${file} is not a LoRA adapter for this model: its ${key} is ${found}, not ${expected}.`,
    hint: 'Use a LoRA file that was made for this model, or a PEFT adapter.',
  }),
  adapter_too_large: ({ name, zip, most }: { name: string; zip?: string; most: number }) => ({
    message: `${name}${zip === undefined ? '' : ` in ${zip}`} has more than ${format.count(most)} bytes, which is too large for an adapter of this model.`,
    hint: 'Check that the file is an adapter of this model.',
  }),
  adapter_zip: ({
    file,
    twice,
    config,
    weights,
  }: {
    file: string;
    twice?: string;
    config: string;
    weights: string;
  }) => ({
    message:
      twice === undefined
        ? `${file} is not a zip file, or is damaged.`
        : `${file} has more than one ${twice}.`,
    hint: `Give a zip of one PEFT adapter: ${config} and ${weights}.`,
  }),
  tied_head_differs: ({ head, embedding, file }: { head: string; embedding: string; file: string }) => ({
    message: `config.json ties ${head} to ${embedding}, but ${file} has other values for it.`,
    hint: 'Set "tie_word_embeddings" to false in config.json if the model was trained that way, or choose another model.',
  }),
  dtype_range: ({ name }: { name: string }) => ({
    message: `${name} has values beyond ±65504, which float16 can’t hold.`,
    hint: 'Load this model with dtype = auto or float32.',
  }),
  config_invalid: ({ field, reason }: { field?: string; reason?: string }) => ({
    message:
      reason === undefined
        ? 'config.json names no architecture, so it is not the configuration of a model.'
        : `config.json: ${field ?? 'the file'}: ${reason}.`,
    hint: config,
  }),
  config_unsupported: ({ field, value }: { field: string; value: string }) => ({
    message: `config.json has ${field} = ${value}, which changes the computation in a way that is not supported.`,
    hint: 'Choose another model of the same family.',
  }),
  architecture_unsupported: ({ name, known }: { name: string; known: readonly string[] }) => ({
    message: `config.json asks for ${name}, which is not among the families that can be trained here.`,
    hint: `Choose a model of one of these: ${known.join(', ')}.`,
  }),
  gguf_unrunnable: ({ family, field, value }: { family: string; field: string; value: string }) => ({
    message: `llama.cpp can’t run this ${family} model as it was trained: it does not support ${field} = ${value}.`,
    hint: 'Export a merged model in safetensors, or only the adapter.',
  }),
  gguf_architecture_unsupported: ({ file, family }: { file: string; family: string }) => ({
    message: `${file} is of the ${family} family, which is not supported in GGUF files.`,
    hint: 'Choose the same model as safetensors.',
  }),
  tensor_values: ({ name, start }: { name: string; start: boolean }) =>
    start
      ? {
          message: `The weight of ${name} has no singular values that float32 can hold: values in it are NaN, infinite or beyond its range.`,
          hint: 'Choose init_lora_weights = true, or another copy of this model.',
        }
      : {
          message: `${name} holds NaN or infinity, and nothing can be computed with that.`,
          hint: 'The checkpoint is damaged, or its own training diverged: download it again, or choose another model.',
        },
  context_full: ({ tokens, room }: { tokens: number; room: number }) => ({
    message: `The conversation has ${tokens} tokens; there is room for ${room} at most.`,
    hint: 'Start a new conversation, or ask for a shorter answer.',
  }),
  gguf_not_model: ({ kind }: { kind: 'adapter' | 'mmproj' | 'imatrix' | 'vocab' }) => ({
    message: `The GGUF file is ${
      {
        adapter: 'a LoRA adapter',
        mmproj: 'the projector of a vision or audio tower',
        imatrix: 'an importance matrix',
        vocab: 'a vocabulary without weights',
      }[kind]
    }, not a model.`,
    hint:
      kind === 'adapter'
        ? 'Open the model that it was trained on, and then import the adapter.'
        : 'Open the GGUF file of the model itself.',
  }),
  gguf_several: ({ names }: { names: readonly string[] }) => ({
    message: `The folder has ${names.length} GGUF files: ${names.join(', ')}.`,
    hint: 'Choose only one of them.',
  }),
  gguf_type_unsupported: ({ file, name, type }: { file: string; name: string; type: string }) => ({
    message: `${file} stores ${name} as ${type}, which is not supported.`,
    hint: 'Choose a file of another quantisation, such as Q8_0, Q4_0, Q4_K_M or Q6_K.',
  }),
  gguf_split: ({ file, parts }: { file: string; parts: string }) => ({
    message: `${file} is one of ${parts} files that one model was split into.`,
    hint: 'Choose a model in one file, or join the files with llama.cpp’s llama-gguf-split --merge.',
  }),
  index_invalid: ({ file, name }: { file: string; name?: string }) => ({
    message:
      name === undefined
        ? `${file} has no weight_map from tensors to files.`
        : `${file} names ${name}, which is not a safetensors file in the same folder.`,
    hint: again,
  }),
  index_differs: ({ fault }: Fault) => ({ message: `${fault}.`, hint: versions }),
  tensor_twice: ({ name, file, other }: { name: string; file: string; other: string }) => ({
    message: `${name} is in ${other} and in ${file}.`,
    hint: versions,
  }),
  model_shard_missing: ({ name, index }: { name: string; index: string }) => ({
    message: `The folder has no ${name}, which ${index} names as a part of the weights.`,
    hint: 'Download all files of the model, or wait until they have arrived.',
  }),
  model_file_missing: ({ name, instead }: { name: string; instead?: string }) => ({
    message: `The folder has no ${name}${instead === undefined ? '' : `; ${instead}`}.`,
    hint: 'Drop the whole folder of a checkpoint: config.json, model.safetensors (or its parts and their index), tokenizer.json, tokenizer_config.json.',
  }),
  model_folder_is_adapter: ({ config }: { config: string }) => ({
    message: `The folder has ${config} but no config.json: it is an adapter, not a model.`,
    hint: `Open the model that its ${config} names as base_model_name_or_path, and give this folder as the adapter.`,
  }),
  weights_not_safetensors: ({ file }: { file: string }) => ({
    message: `The folder has its weights in ${file} only, which is in Python’s pickle format. Such a file can run any code, so it is not opened.`,
    hint: 'Choose a version of this model in safetensors; save_pretrained in Transformers writes one.',
  }),
  tensor_wrapped: ({
    file,
    name,
    prefix,
    by,
  }: {
    file: string;
    name: string;
    prefix: string;
    by: keyof typeof unwrapped;
  }) => ({
    message: `${file} holds ${
      {
        peft: 'a PEFT model, whose adapter is not merged',
        parallel: 'a model in DistributedDataParallel',
        compiled: 'a model of torch.compile',
      }[by]
    }: its names begin with ${prefix}, such as ${name}.`,
    hint: unwrapped[by],
  }),
  head_missing: ({ fault }: Fault) => ({
    message: `${fault}.`,
    hint: 'If the head of this model is its embedding, config.json must say "tie_word_embeddings": true.',
  }),
  tensor_missing: checkpoint,
  tensor_dtype: checkpoint,
  tensor_shape: checkpoint,
  tensor_unexpected: checkpoint,
  tensor_groups: checkpoint,
  quant_state: checkpoint,
  quant_map: checkpoint,
  gguf_rope_factors: checkpoint,
  quantization_unsupported: ({ fault }: Fault) => ({
    message: `${fault}.`,
    hint: 'Choose the unquantised model, or one in bitsandbytes’ NF4, 4-bit GPTQ or AWQ, or GGUF.',
  }),
  quantization_unnamed: ({ part }: { part: string }) => ({
    message: `The weights have ${part}, so they are quantised by GPTQ or AWQ, but config.json has no quantization_config.`,
    hint: 'Use config.json from a newer upload of this model. Early GPTQ models keep the settings in quantize_config.json: put that file beside config.json.',
  }),
  linear_not_blocked: ({ name, elements }: { name: string; elements: number }) => ({
    message: `${name} has rows of ${elements} elements, which NF4’s blocks of 64 do not divide.`,
    hint: 'Load this model with load_in_4bit = false.',
  }),
  weight_not_packed: ({ fault }: Fault) => ({
    message: `${fault}.`,
    hint: 'Choose another quantisation of this model, or its unquantised checkpoint.',
  }),
  mix_not_low_rank: ({ name, kind }: { name: string; kind: string }) => ({
    message: `${name} is a ${kind} adapter, and only plain LoRA can be mixed.`,
    hint: 'Leave it out of the mix.',
  }),
  mix_ranks: ({ type, ranks }: { type: string; ranks: readonly number[] }) => ({
    message: `${type} can only mix adapters of the same rank, and these have ${format.list(ranks.map(String))}.`,
    hint: 'Choose svd or cat, which mix any ranks.',
  }),
  settings_conflict: ({
    setting,
    value,
    other,
    hint,
  }: {
    setting: string;
    value: string;
    other: string;
    hint: string;
  }) => ({
    message: `${setting} = ${value} doesn’t go together with ${other}.`,
    hint,
  }),
  layer_unknown: ({ layer }: { layer: number }) => ({
    message: `layers_to_transform: this model has no layer ${layer} with linear layers.`,
    hint: 'Count the layers from 0.',
  }),
  trained_module_unknown: ({
    setting,
    name,
    names,
  }: {
    setting: string;
    name: string;
    names: readonly string[];
  }) => ({
    message: `${setting}: this model has no ${name}.`,
    hint: `Name some of ${names.join(', ')}.`,
  }),
  trained_nothing: {
    message: 'With freeze_trainable_layers = 0 and no freeze_extra_modules, nothing is trained.',
    hint: 'Choose the number of blocks to train: 2 for the last two, -2 for the first two.',
  },
  target_module_unknown: ({ name, names }: { name?: string; names: readonly string[] }) => ({
    message: name === undefined ? 'target_modules is empty.' : `target_modules: this model has no ${name}.`,
    hint: `Name some of ${names.join(', ')}, or all-linear.`,
  }),
};
