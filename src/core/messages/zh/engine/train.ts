import type { trainMessages as english } from '../../en/engine/train';

/** Messages about runs. */
export const trainMessages: typeof english = {
  loss_not_finite_first: '第 1 步的损失或梯度为 NaN 或无穷大，此时还没有学到任何内容',
  loss_not_finite_step: ({ step }) => `第 ${step} 步的损失或梯度变为 NaN 或无穷大`,
  loss_not_finite_held_out: ({ step }) => `第 ${step} 步之后，评估损失为 NaN 或无穷大`,
  loss_not_finite_now: '损失为 NaN 或无穷大',
  checkpoint_none: '此前没有保存过检查点。',
  checkpoint_kept: ({ step }) => `第 ${step} 步的检查点是最后一个正常的检查点，仍在。`,
  remedy_rate: ({ rate }) => `更低的 learning_rate（当前为 ${rate}）`,
  remedy_warmup: '预热（warmup_steps 0.1）',
  remedy_clipping: '梯度裁剪（max_grad_norm 1）',
};
