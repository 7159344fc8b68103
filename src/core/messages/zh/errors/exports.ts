import type { exportErrors as english } from '../../en/errors/exports';
import { format } from '../format';

export const exportErrors: typeof english = {
  export_differs: {
    message: '重新读取导出的文件后，内容与原始内容不一致。',
    hint: '请重新导出。如果再次出现，请报告此问题，且不要使用该导出结果。',
  },
  export_dtype_range: ({ tensor, dtype }) => ({
    message: `${tensor} 中有一个值超出了 ${dtype} 的表示范围，无法写入。`,
    hint:
      dtype === 'float16'
        ? '请选择 bfloat16、float32，或以 float32 计算的量化形式。'
        : '请用更低的学习率重新训练。',
  }),
  export_format: ({ name, names }) => ({
    message: `没有名为 ${name} 的导出格式。`,
    hint: `请选择 ${names.join('、')} 之一。`,
  }),
  export_no_room: ({ needed, free }) => ({
    message:
      free === undefined
        ? `空间不足，无法导出（需要 ${format.bytes(needed)}）。`
        : `空间不足，无法导出：需要 ${format.bytes(needed)}，只有 ${format.bytes(free)} 可用。`,
    hint: '请释放该磁盘的空间，换一个位置，或选择文件更小的格式或精度。已写入的部分已被删除。',
  }),
  export_not_finite: ({ tensor }) => ({
    message: `${tensor} 中有一个值不是有限数，无法写入。`,
    hint: '请用更低的学习率重新训练。',
  }),
  export_not_low_rank: ({ kind, format }) => ({
    message: `${format} 只能保存普通 LoRA，无法保存 ${kind} 适配器。`,
    hint: '请改为导出合并后的模型，其中包含全部训练结果。',
  }),
  not_reducible: ({ kind }) => ({
    message: `无法为 ${kind} 适配器降噪：只有普通 LoRA 完全由低秩矩阵对组成。`,
    hint: '请直接使用它。',
  }),
  export_model_trained: ({ format, type }) => ({
    message: `${format} 保存的是适配器，但 finetuning_type = ${type} 训练的是模型本身，没有适配器。`,
    hint: '请导出完整模型：合并后的模型、GGUF 或 ONNX。',
  }),
  export_cluster_adapter: ({ type }) => ({
    message: `集群文件夹只用于训练适配器，不支持 finetuning_type = ${type}。`,
    hint: '请选择 finetuning_type = lora，或在这里训练。',
  }),
  export_onnx_coarse: {
    message: 'q8 还会把激活值舍入到 8 位，对这个模型来说过于粗糙，回答会相差太大。',
    hint: '请选择 q4 或 fp16，它们不会把激活值舍入到 8 位。',
  },
  export_onnx_float16: {
    message: '模型计算中出现了超出 float16 表示范围的数，回答会出错。',
    hint: '请选择 q4、q8 或 fp32，它们以 float32 计算。',
  },
  export_onnx_not_nf4: {
    message: 'bnb4 会原样保留 NF4 基座模型，但该基座模型不是 NF4 格式。',
    hint: '请选择 q4，或使用 load_in_4bit 训练。',
  },
  export_onnx_op: ({ family, op }) => ({
    message: `${family} 家族的模型无法导出为 ONNX：ONNX 没有对应 ${op} 的算子。`,
    hint: '请导出合并后的模型，或导出 GGUF。',
  }),
  export_onnx_tensor_size: ({ tensor, bytes, most }) => ({
    message: `${tensor} 需要 ${format.bytes(bytes)}，而 ONNX 模型的每个数据文件最多 ${format.bytes(most)}。`,
    hint: '请选择 fp16 或 q4f16（词嵌入表大小减半），或选择 q8。',
  }),
  export_onnx_trained: {
    message: 'bnb4 保留的是适配器训练时所用的权重。',
    hint: '如需使用原始权重，请选择其他精度；或者改用训练时的权重导出。',
  },
  export_option: ({ option, choices, given }) => ({
    message: `${option} 必须是 ${choices.join('、')} 之一，而不是“${given}”。`,
    hint: '请从中选择一个。',
  }),
  export_originals_differ: ({ tensor }) => ({
    message: `这些文件属于另一个模型：缺少 ${tensor}，或其形状不同。`,
    hint: '请选择该基座模型的全精度文件。',
  }),
  export_original_unused: {
    message: '没有 --export_base original，--original_model 不起作用。',
    hint: '请加上 --export_base original，或去掉 --original_model。',
  },
  export_originals_missing: ({ name }) => ({
    message: `找不到 ${name} 量化之前的原始权重。`,
    hint: '请提供该基座模型的全精度文件夹：config.json、分词器文件和 model*.safetensors；或者按训练时的权重合并。',
  }),
  export_originals_other: ({ difference }) => ({
    message: `这些文件属于另一个模型：其权重与基座模型相差 ${format.percent(difference)}，远超量化所能造成的差异。`,
    hint: '请选择该基座模型的全精度文件。',
  }),
  export_originals_quantised: ({ tensor }) => ({
    message: `这些文件中的 ${tensor} 也是量化过的。`,
    hint: '请提供该基座模型的全精度文件夹；或者按训练时的权重合并。',
  }),
  export_rounded_away: ({ share }) => ({
    message: `按此格式取整后，训练带来的改动只剩 ${format.percent(share)}，导出的模型会像没有训练过一样。`,
    hint: '请选择精度更高的格式，例如 Q8_0、float16 或 float32；也可以延长训练，或提高学习率。',
  }),
  export_size: ({ option, given }) => ({
    message: `${option} 必须是大小，例如 5GB，而不是“${given}”。`,
    hint: '请填写字节数，或带单位 KB、MB、GB、TB 的数。',
  }),
};
