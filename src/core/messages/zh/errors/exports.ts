import type { exportErrors as english } from '../../en/errors/exports';

export const exportErrors: typeof english = {
  export_differs: {
    message: '重新读取导出的文件后，内容与原始内容不一致。',
    hint: '请重新导出。如果再次出现，请报告此问题，且不要使用该导出结果。',
  },
  export_dtype_range: ({ tensor, dtype }) => ({
    message: `${tensor} 中有一个值超出了 ${dtype} 的表示范围，无法写入。`,
    hint: dtype === 'float16' ? '请选择 bfloat16 或 float32。' : '请用更低的学习率重新训练。',
  }),
  export_format: ({ name, names }) => ({
    message: `没有名为 ${name} 的导出格式。`,
    hint: `请选择 ${names.join('、')} 之一。`,
  }),
  export_not_finite: ({ tensor }) => ({
    message: `${tensor} 中有一个值不是有限数，无法写入。`,
    hint: '请用更低的学习率重新训练。',
  }),
  export_not_low_rank: ({ kind, format }) => ({
    message: `${format} 只能保存普通 LoRA，无法保存 ${kind} 适配器。`,
    hint: '请改为导出合并后的模型，其中包含全部训练结果。',
  }),
  export_option: ({ option, choices, given }) => ({
    message: `${option} 必须是 ${choices.join('、')} 之一，而不是“${given}”。`,
    hint: '请从中选择一个。',
  }),
  export_size: ({ option, given }) => ({
    message: `${option} 必须是大小，例如 5GB，而不是“${given}”。`,
    hint: '请填写字节数，或带单位 KB、MB、GB、TB 的数。',
  }),
};
