import type { formatMessages as english } from '../../en/engine/formats';
import { format } from '../format';

/** Clauses about files of weights, of adapters’ settings and of checkpoints. */
export const formatMessages: typeof english = {
  safetensors_file: '该 safetensors 文件',
  checkpoint_file: '检查点',

  checkpoint_version: ({ format }) => `不是此版本的检查点（其格式为“${format}”）`,
  checkpoint_hash: '与写入时不同：SHA-256 不一致',
  checkpoint_state: '描述的状态无效',
  checkpoint_tensor_missing: ({ name, wanted }) => `没有张量“${name}”，而训练任务需要 ${wanted}`,
  checkpoint_tensor_differs: ({ name, held, wanted }) => `张量“${name}”为 ${held}，而训练任务需要 ${wanted}`,

  adapter_not_object: '不是 JSON 对象',
  adapter_field: ({ field, reason }) => `的 ${field} 无法使用：${reason}`,
  adapter_field_unknown: ({ field, value }) => `设置了不受支持的 ${field}：其值为 ${value}`,
  adapter_not_known: ({ types }) => `只支持这些类型的适配器：${types.join('、')}`,
  adapter_not_causal: '只支持因果语言模型的适配器',
  adapter_without_targets: '必须指明带有适配器的模块',
  adapter_whole_modules: ({ given }) => `它带有整体训练的模块（${given}），不受支持`,
  adapter_bias: '不支持训练过的偏置',
  adapter_oft_blocks: '不支持按块数设置，只支持按块的大小 oft_block_size 设置',
  adapter_base_changed: '这种适配器的初始化改变了基座模型的权重；请先将它转换为普通 LoRA',

  gguf_tensors: '张量',
  gguf_metadata_entries: '元数据项',
  gguf_bytes: ({ bytes }) => `${format.count(bytes)} 字节`,
  gguf_bytes_of: ({ of }) => `字节（${of}）`,
  gguf_key_number: ({ index }) => `第 ${index} 个元数据键`,
  gguf_value_of: ({ key }) => `元数据 ${key}`,
  gguf_values_of: ({ key }) => `值（元数据 ${key}）`,
  gguf_name_number: ({ index }) => `第 ${index} 个张量的名称`,
  gguf_axis_of: ({ name }) => `张量“${name}”的一个维度`,
  gguf_offset_of: ({ name }) => `张量“${name}”的偏移`,
  gguf_token_missing: ({ key, id, tokens }) =>
    `${key} 为 ${id}，但此模型只有 ${tokens} 个 token，没有这一个：将忽略它。`,
};
