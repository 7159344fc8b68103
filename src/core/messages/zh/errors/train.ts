import type { trainErrors as english } from '../../en/errors/train';
import { format } from '../format';

/** Errors of training and answering. */
export const trainErrors: typeof english = {
  logits_not_finite: {
    message: '模型给出的下一个 token 的得分是 NaN。',
    hint: '模型权重或适配器已损坏：请加载其他模型或更早的检查点。',
  },
  loss_not_finite: ({ found, kept, remedies }) => ({
    message: kept === undefined ? `${found}。` : `${found}。${kept}`,
    hint:
      remedies === undefined
        ? '基座模型或其适配器的计算超出了数值范围：请换一个模型，或用 dtype = float32 加载基座模型。'
        : `请重新训练，并改用${format.alternatives(remedies)}。`,
  }),
  optimizer_derived: ({ optim }) => ({
    message: `${optim} 不能训练 DoRA 或 OFT。`,
    hint: '请换用其他 optim，或关闭 use_dora 并把 finetuning_type 设为 lora。',
  }),
  lr_end_too_high: ({ lr_end, learning_rate }) => ({
    message: `lr_end 为 ${lr_end}，没有低于 learning_rate（${learning_rate}）。`,
    hint: '请调低 lr_end，或改用 lr_scheduler_type constant_with_warmup。',
  }),
  stopping_needs_evaluation: ({ settings, heldOut }: { settings: readonly string[]; heldOut: boolean }) => ({
    message: `${format.series(settings)} 需要评估损失，但${heldOut ? ' eval_steps 为 0' : '没有留出评估样本'}。`,
    hint: heldOut
      ? '请将 eval_steps 设为 1 或更大的值，或关闭这些设置。'
      : '请调大 eval_split，或添加一个评估用的样本文件，或关闭这些设置。',
  }),
};
