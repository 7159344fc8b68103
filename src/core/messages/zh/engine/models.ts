import type { modelMessages as english } from '../../en/engine/models';
import { format } from '../format';

/** Clauses and notes about models’ and adapters’ files. */
export const modelMessages: typeof english = {
  base_size: ({ size, expected }) => `其文件有 ${size} 字节，应为 ${expected} 字节`,
  base_form: ({ name }) => `没有写明 ${name} 的存储方式`,
  base_not_linear: ({ name }) => `${name} 不是线性层`,
  base_tensor: ({ name, fault }) => `${name} ${fault}`,
  base_bytes: ({ begin }) => `从第 ${begin} 字节起与写入时不同`,
  base_small_files: '小文件的副本与写入时不同',
  base_written: ({ size, expected }) => `其文件有 ${size} 字节，而写入了 ${expected} 字节`,

  packing_rows: ({ multiple }) => `每行的元素数不是 ${multiple} 的倍数`,
  packing_groups: ({ size, multiple }) => `的分组大小为 ${size}，不是 ${multiple} 的倍数`,
  packing_blocks: ({ size, multiple }) => `的块大小为 ${size}，不是 ${multiple} 的倍数`,
  packing_out: ({ rows, multiple }) => `有 ${rows} 行，不是 ${multiple} 的倍数`,
  weight_shaped: ({ name, shape, fault }) => `${name} ${shape} ${fault}`,
  weight_too_large: ({ name, bytes }) =>
    `${name} 需要一整块 ${format.bytes(bytes)} 的设备内存，超出此设备的上限`,

  images_changed: ({ name }) => `${name} 改变了对图像的处理，而此处不使用图像部分`,
  adapter_tensor_stranger: ({ file, name, kind }) =>
    `${file} 中的 ${name} ${
      {
        embedding: '是适配器自带的词嵌入或输出头，这样的适配器不受支持',
        module: '是与适配器一同训练的完整模块，这样的适配器不受支持',
        other: '不是 LoRA 或 DoRA 适配器的一部分',
      }[kind]
    }`,
  adapter_tensor_twice: ({ file, name }) => `${file} 中 ${name} 以两个名称出现了两次`,
  adapter_tensor_missing: ({ file, name, config }) => `${file} 缺少 ${config} 所要求的 ${name}`,
  adapter_tensor_dtype: ({ file, name, dtype }) =>
    `${file} 以 ${dtype} 存储 ${name}；可以读取的是 F64、F32、F16 和 BF16`,
  adapter_tensor_shape: ({ file, name, config, found, expected }) =>
    `${file} 中 ${name} 的形状为 ${found}；按此模型和 ${config} 应为 ${expected}`,
  adapter_tensor_values: ({ file, name }) => `${file} 的 ${name} 中有 NaN 或无穷大`,
  adapter_tensor_extra: ({ file, name, config }) =>
    `${file} 中有 ${name}，${config} 没有要求它，或此模型没有它的位置`,
  instead_pickle:
    'adapter_model.bin：这是 PyTorch 的 pickle 文件，可能运行任意代码。请将它另存为 safetensors',
  instead_mlx: 'adapters.safetensors：这是 mlx-lm 的适配器。请将它转换为 PEFT 格式',
  instead_early_mlx: 'adapters.npz：这是早期 mlx-lm 的适配器。请将它转换为 PEFT 格式',

  weights_gguf_part: ({ path }) => `其中有 GGUF 文件的一部分 ${path}，分片无法读取，请先合并`,
  weights_consolidated: ({ path }) => `其中有 ${path}，它采用 Mistral 自己的张量命名`,
  weights_variant: ({ path, name }) => `其中有 ${path}：如果要用它，请将它重命名为 ${name}`,
  weights_without_index: ({ path, index }) => `其中有 ${path}，但没有 ${index}`,
  weights_below: ({ folder }) => `权重在文件夹 ${folder} 中，请打开该文件夹`,

  index_tensor: ({ index, name, file, found }) =>
    `${index} 写明 ${name} 在 ${file} 中，但它${found === null ? '不在任何文件中' : `在 ${found} 中`}`,
  index_lacks: ({ index, name, file }) => `${file} 中有 ${name}，但 ${index} 没有列出它`,

  tensor_no_float: ({ name, dtype }) => `${name} 以 ${dtype} 存储；可以读取的是 F32、F16 和 BF16`,
  tensor_other_dtype: ({ name, dtype, expected }) => `${name} 以 ${dtype} 存储，应为 ${expected}`,
  tensor_other_dtypes: ({ name, dtype, allowed }) =>
    `${name} 以 ${dtype} 存储，应为 ${allowed.join('、')} 之一`,
  tensor_shape_by_config: ({ name, found, file, expected }) =>
    `${name} 在 ${file} 中为 ${found}，而按 config.json 应为 ${expected}`,
  tensor_shape_by_metadata: ({ name, found, file, expected }) =>
    `${name} 在 ${file} 中为 ${found}，而按元数据应为 ${expected}`,
  tensor_shape_of_part: ({ name, found, file, expected }) =>
    `${name} 在 ${file} 中为 ${found}，应为 ${expected}`,
  tensor_bytes: ({ name, found, expected }) => `${name} 有 ${found} 字节，应为 ${expected} 字节`,
  tensor_scales: ({ name, scales, elements }) =>
    `${name} 有 ${scales} 个缩放因子，对应 ${elements} 个元素，不符合任何块大小`,
  tensor_lacking: ({ name }) => `权重中缺少 config.json 所要求的 ${name}`,
  tensor_part_lacking: ({ name }) => `权重中缺少量化权重的一部分 ${name}`,
  tensor_useless: ({ file, name }) => `${file} 中有 ${name}，而 config.json 用不到它`,
  tensor_useless_gguf: ({ file, name }) => `${file} 中有 ${name}，而其架构用不到它`,
  tensor_useless_bias: ({ name }) => `权重中有 ${name}，而 config.json 用不到它`,
  tensor_strange_part: ({ name }) => `${name} 不属于以这种方式存储的权重`,
  tensor_packing: ({ name, out, input, fault }) => `权重 ${name} [${out}, ${input}] ${fault}`,
  tensor_group: ({ name, column, group, groups }) =>
    `${name}[${column}] 为第 ${group} 组，但${groups === undefined ? ' config.json 写明 desc_act = false' : `只有 ${groups} 组`}`,
  rope_factors: ({ file, name, type }) => `${file} 中的 ${name} 为 ${type}`,
  quant_state_long: ({ name }) => `${name} 过长，不可能是其名称所指的内容`,
  quant_state_field: ({ name, field, reason }) => `${name}：${field ?? 'JSON'}：${reason}`,
  quant_state_differs: ({ name, field, said, found }) =>
    `${name} 写明 ${field} = ${said}，但权重中为 ${found}`,
  quant_state_offset: ({ name }) => `${name} 没有 nested_offset`,
  quant_map_values: ({ name }) => `${name} 的值与 NF4 不同`,
  quantization_config: ({ what }) => `config.json 的 quantization_config 中有${what}，不受支持`,
  quantization_field: ({ field, value, method }) =>
    ` ${field} = ${value}${method === undefined ? '' : `（${method}）`}`,
  quantization_dynamic: '针对部分模块的动态规则',
  quantization_group_size: '既不是 -1，也不是 4 的倍数',
  quantization_bitsandbytes: ({ path, form }) =>
    `${path} 由 bitsandbytes 以 ${form === 8 ? '8 位' : form} 存储；只支持其 NF4`,
  quantization_not_linear: ({ path }) => `${path} 已量化；只支持线性层的量化`,

  beta1_above_zero: '请把 adam_beta1 设为 0.9，或换用其他 optim。',
  base_not_nf4: '未在此处量化为 4 位的基座',
  loftq_on_nf4: '请设置 load_in_4bit = true，或选择 init_lora_weights = true。',
  pissa_or_dora: '请二者选一。',
  pissa_scales: '适配器以普通 LoRA 的形式保存，其中没有这样的缩放。请去掉 use_rslora 或这些模式。',
  rslora_and_patterns: 'use_rslora 以及 rank_pattern 或 alpha_pattern',

  attention_dropout_left_out: ({ rate }) => `训练时不使用其 attention_dropout（${rate}）。`,
  images_left_aside: '不使用它的图像部分：只用文本训练和回答。',
  unpacked_head: ({ types, dtype }) => `词嵌入或输出头为 ${types.join('、')}：加载时解包为 ${dtype}。`,
  unpacked_layers: ({ types, dtype }) =>
    `${types.join('、')} 格式的层不能按存储的形式直接运行：加载时解包，${
      dtype === null ? '并重新量化为 NF4' : `保持为 ${dtype}`
    }。`,
  quantised_layers: ({ types }) =>
    `由于 load_in_4bit 已开启，${types.join('、')} 格式的层会量化为 NF4。关闭它即可保持文件中的形式。`,
};
