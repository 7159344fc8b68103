import type { modelErrors as english } from '../../en/errors/models';
import { format } from '../format';

interface Fault {
  readonly fault: string;
}

const checkpoint = ({ fault }: Fault) => ({
  message: `${fault}。`,
  hint: '请检查 config.json 与权重是否属于同一模型、文件是否完整。',
});

const again = '请重新下载该文件。';
const versions = '这些文件属于不同的模型或版本，请重新下载。';
const config = '请使用 Transformers 检查点文件夹中的 config.json。';

/** How to save the model that a module of PyTorch or PEFT holds. */
const unwrapped = {
  peft: '请保存 merge_and_unload() 的结果，或用 save_pretrained() 分别保存基座模型和适配器。',
  parallel: '请用 save_pretrained() 保存 model.module。',
  compiled: '请用 save_pretrained() 保存 model._orig_mod。',
};

/** Errors of models’ and adapters’ files, and of what a device can hold of them. */
export const modelErrors: typeof english = {
  weights_quantized: ({ method, instead, path }) =>
    path === undefined
      ? {
          message: `${method} 需要未量化的权重，但这里只保存了此模型的量化副本。`,
          hint: `请从磁盘打开模型的文件夹，用 load_in_4bit = false 加载，或选择 ${instead}。`,
        }
      : {
          message: `${method} 需要未量化的权重，但此模型的文件中 ${path} 只有量化后的权重。`,
          hint: `请选择此模型的未量化版本，或 ${instead}。`,
        },
  base_damaged: ({ fault }) => ({
    message: `保存在本机的模型副本已损坏：${fault}。`,
    hint: '请删除它，然后从原来的来源重新打开模型。',
  }),
  json_invalid: ({ file, size }) => ({
    message:
      size === undefined
        ? `${file} 不是有效的 JSON。`
        : `${file} 有 ${size} 字节，对于配置文件或分词器文件来说太大了。`,
    hint: again,
  }),
  text_not_utf8: ({ file, encoding }) => ({
    message: `${file} 不是 UTF-8 编码，而是 ${encoding}。`,
    hint: '请将它另存为 UTF-8，或重新下载该文件。',
  }),
  adapter_not_peft: ({ file }) => ({
    message: `${file} 属于 mlx-lm 的适配器，而不是 PEFT 的。`,
    hint: '请先将适配器转换为 PEFT 格式。',
  }),
  target_modules_outside: ({ file, module }) => ({
    message: `${file} 的目标包含 ${module}，不受支持：适配器只能用于各层的线性层。`,
    hint: '请使用目标为各层线性层的适配器。',
  }),
  adapter_tensor: ({ fault }) => ({
    message: `${fault}。`,
    hint: '请检查适配器是否为此基座模型制作、其文件是否相互对应。',
  }),
  adapter_file_missing: ({ name, instead, config, weights }) => ({
    message: `适配器缺少 ${name}${instead === undefined ? '' : `，但有 ${instead}`}。`,
    hint: `PEFT 适配器是包含 ${config} 和 ${weights} 的文件夹或 zip 文件。`,
  }),
  adapter_gguf: ({ file, key, found, expected }) => ({
    message: `${file} 不是此模型的 LoRA 适配器：它的 ${key} 为 ${found}，而不是 ${expected}。`,
    hint: '请使用为此模型制作的 LoRA 文件，或 PEFT 适配器。',
  }),
  adapter_too_large: ({ name, zip, most }) => ({
    message: `${zip === undefined ? '' : `${zip} 中的 `}${name} 超过 ${format.count(most)} 字节，此模型的适配器不可能有这么大。`,
    hint: '请检查该文件是否为此模型的适配器。',
  }),
  adapter_zip: ({ file, twice, config, weights }) => ({
    message: twice === undefined ? `${file} 不是 zip 文件，或已损坏。` : `${file} 中有多个 ${twice}。`,
    hint: `请提供只含一个 PEFT 适配器的 zip 文件：${config} 和 ${weights}。`,
  }),
  tied_head_differs: ({ head, embedding, file }) => ({
    message: `config.json 将 ${head} 与 ${embedding} 共享，但 ${file} 中它的值不同。`,
    hint: '如果模型确实是这样训练的，请在 config.json 中将 "tie_word_embeddings" 设为 false，或选择其他模型。',
  }),
  dtype_range: ({ name }) => ({
    message: `${name} 中有超出 ±65504 的值，float16 无法表示。`,
    hint: '请用 dtype = auto 或 float32 加载此模型。',
  }),
  config_invalid: ({ field, reason }) => ({
    message:
      reason === undefined
        ? 'config.json 没有写明架构，因此不是模型的配置文件。'
        : `config.json：${field ?? '整个文件'}：${reason}。`,
    hint: config,
  }),
  config_unsupported: ({ field, value }) => ({
    message: `config.json 中 ${field} = ${value}，它改变了计算方式，不受支持。`,
    hint: '请选择同一家族的其他模型。',
  }),
  architecture_unsupported: ({ name, known }) => ({
    message: `config.json 要求 ${name}，它不属于此处可以训练的模型家族。`,
    hint: `请选择以下模型家族之一的模型：${known.join('、')}。`,
  }),
  gguf_unrunnable: ({ family, field, value }) => ({
    message: `llama.cpp 无法照训练时的方式运行这个 ${family} 模型：它不支持 ${field} = ${value}。`,
    hint: '请导出 safetensors 合并模型，或只导出适配器。',
  }),
  gguf_architecture_unsupported: ({ file, family }) => ({
    message: `${file} 属于 ${family} 家族，此处无法从 GGUF 文件读取。`,
    hint: '请选择同一模型的 safetensors 版本。',
  }),
  tensor_values: ({ name, start }) =>
    start
      ? {
          message: `${name} 的权重没有 float32 能表示的奇异值：其中有 NaN、无穷大或超出范围的值。`,
          hint: '请选择 init_lora_weights = true，或换一份此模型的文件。',
        }
      : {
          message: `${name} 中有 NaN 或无穷大，无法用于计算。`,
          hint: '检查点已损坏，或它的训练已发散：请重新下载，或选择其他模型。',
        },
  context_full: ({ tokens, room }) => ({
    message: `对话有 ${tokens} 个 token，而此处最多容纳 ${room} 个。`,
    hint: '请开始新的对话，或要求更短的回答。',
  }),
  gguf_not_model: ({ kind }) => ({
    message: `该 GGUF 文件是${
      {
        adapter: ' LoRA 适配器',
        mmproj: '视觉或音频部分的投影器',
        imatrix: '重要性矩阵',
        vocab: '没有权重的词表',
      }[kind]
    }，不是模型。`,
    hint: kind === 'adapter' ? '请先打开它所基于的模型，再导入这个适配器。' : '请打开模型本身的 GGUF 文件。',
  }),
  gguf_several: ({ names }) => ({
    message: `文件夹中有 ${names.length} 个 GGUF 文件：${names.join('、')}。`,
    hint: '请只选择其中一个。',
  }),
  gguf_type_unsupported: ({ file, name, type }) => ({
    message: `${file} 以 ${type} 存储 ${name}，不受支持。`,
    hint: '请选择其他量化方式的文件，例如 Q8_0、Q4_0、Q4_K_M 或 Q6_K。',
  }),
  gguf_split: ({ file, parts }) => ({
    message: `${file} 是一个模型拆分成的 ${parts} 个文件之一。`,
    hint: '请选择单个文件的模型，或用 llama.cpp 的 llama-gguf-split --merge 合并这些文件。',
  }),
  index_invalid: ({ file, name }) => ({
    message:
      name === undefined
        ? `${file} 中没有从张量到文件的 weight_map。`
        : `${file} 中写有 ${name}，它不是同一文件夹中的 safetensors 文件。`,
    hint: again,
  }),
  index_differs: ({ fault }) => ({ message: `${fault}。`, hint: versions }),
  tensor_twice: ({ name, file, other }) => ({
    message: `${name} 同时出现在 ${other} 和 ${file} 中。`,
    hint: versions,
  }),
  model_shard_missing: ({ name, index }) => ({
    message: `文件夹中缺少 ${name}，而 ${index} 将它列为权重的一部分。`,
    hint: '请下载模型的全部文件，或等待它们传输完成。',
  }),
  model_file_missing: ({ name, instead }) => ({
    message: `文件夹中缺少 ${name}${instead === undefined ? '' : `；${instead}`}。`,
    hint: '请拖入完整的检查点文件夹：config.json、model.safetensors（或其分片与索引）、tokenizer.json、tokenizer_config.json。',
  }),
  model_folder_is_adapter: ({ config }) => ({
    message: `文件夹中有 ${config} 但没有 config.json：这是适配器，不是模型。`,
    hint: `请打开 ${config} 中 base_model_name_or_path 所指的模型，并将此文件夹作为适配器提供。`,
  }),
  weights_not_safetensors: ({ file }) => ({
    message: `文件夹中的权重只有 ${file}，它是 Python 的 pickle 文件。这种文件可以运行任意代码，因此不会打开。`,
    hint: '请选择此模型的 safetensors 版本；Transformers 的 save_pretrained 可以生成。',
  }),
  tensor_wrapped: ({ file, name, prefix, by }) => ({
    message: `${file} 中是${
      {
        peft: '适配器尚未合并的 PEFT 模型',
        parallel: '包在 DistributedDataParallel 中的模型',
        compiled: '经 torch.compile 处理的模型',
      }[by]
    }：其中的名称以 ${prefix} 开头，例如 ${name}。`,
    hint: unwrapped[by],
  }),
  head_missing: ({ fault }) => ({
    message: `${fault}。`,
    hint: '如果此模型的输出头与词嵌入共享，config.json 中必须写有 "tie_word_embeddings": true。',
  }),
  tensor_missing: checkpoint,
  tensor_dtype: checkpoint,
  tensor_shape: checkpoint,
  tensor_unexpected: checkpoint,
  tensor_groups: checkpoint,
  quant_state: checkpoint,
  quant_map: checkpoint,
  gguf_rope_factors: checkpoint,
  quantization_unsupported: ({ fault }) => ({
    message: `${fault}。`,
    hint: '请选择量化之前的模型，或 bitsandbytes 的 NF4、4 位的 GPTQ 或 AWQ，或 GGUF 版本。',
  }),
  quantization_unnamed: ({ part }) => ({
    message: `权重中有 ${part}，因此是 GPTQ 或 AWQ 量化的，但 config.json 中没有 quantization_config。`,
    hint: '请使用此模型较新版本的 config.json。早期的 GPTQ 模型将设置保存在 quantize_config.json 中：请将它与 config.json 放在一起。',
  }),
  linear_not_blocked: ({ name, elements }) => ({
    message: `${name} 每行有 ${elements} 个元素，不能被 NF4 的块大小 64 整除。`,
    hint: '请用 load_in_4bit = false 加载此模型。',
  }),
  weight_not_packed: ({ fault }) => ({
    message: `${fault}。`,
    hint: '请选择此模型的其他量化版本，或未量化的检查点。',
  }),
  mix_not_low_rank: ({ name, kind }) => ({
    message: `“${name}”是 ${kind} 适配器，只有普通 LoRA 才能混合。`,
    hint: '请不要把它放进混合。',
  }),
  mix_ranks: ({ type, ranks }) => ({
    message: `${type} 只能混合秩相同的适配器，而这些适配器的秩为 ${ranks.join('、')}。`,
    hint: '请改用 svd 或 cat，它们可以混合不同的秩。',
  }),
  settings_conflict: ({ setting, value, other, hint }) => ({
    message: `${setting} = ${value} 不能与 ${other} 同时使用。`,
    hint,
  }),
  layer_unknown: ({ layer }) => ({
    message: `layers_to_transform：此模型没有带线性层的第 ${layer} 层。`,
    hint: '层从 0 开始计数。',
  }),
  trained_module_unknown: ({ setting, name, names }) => ({
    message: `${setting}：此模型没有 ${name}。`,
    hint: `请从 ${names.join('、')} 中选择。`,
  }),
  trained_nothing: {
    message: 'freeze_trainable_layers = 0 且 freeze_extra_modules 为空时，没有可训练的参数。',
    hint: '请填写要训练的块数：2 表示最后两块，-2 表示最前两块。',
  },
  target_module_unknown: ({ name, names }) => ({
    message: name === undefined ? 'target_modules 为空。' : `target_modules：此模型没有 ${name}。`,
    hint: `请从 ${names.join('、')} 中选择，或使用 all-linear。`,
  }),
};
