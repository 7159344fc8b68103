import type { trainMessages as english } from '../../en/engine/train';
import { format } from '../format';

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
  stopped_early: ({ step, steps, evaluations }) =>
    `已在第 ${format.count(step)} 步提前结束（共 ${format.count(steps)} 步）：${evaluations === 1 ? '最近一次评估' : `连续 ${format.count(evaluations)} 次评估`}没有改善。`,
  best_step_taken: ({ step, loss, ofAll }) =>
    `适配器取自第 ${format.count(step)} 步，${ofAll ? '该步的评估损失最低' : '在有检查点的各步中，该步的评估损失最低'}（${format.number(loss)}）。`,
  over_fitting: ({ step, loss, rise, epochs, offered }) =>
    `出现过拟合：评估损失在第 ${format.count(step)} 步最低（${format.number(loss)}），现在高出 ${format.percent(rise)}，而训练损失仍在下降，模型正在死记样本。增加样本最有效；也可以减少轮数（num_train_epochs ${epochs}）、调小 r，或设置 lora_dropout 0.05、weight_decay 0.01。${offered ? `打开 load_best_model_at_end 会采用第 ${format.count(step)} 步的适配器。` : ''}`,
  learnt_by_heart: ({ loss, evalLoss }) =>
    `模型已经把样本背下来了：训练损失为 ${format.number(loss)}，评估损失却有 ${format.number(evalLoss)}。增加样本、让样本更多样最有效；也可以减少轮数或调小 r。`,
  still_falling: ({ fall }) =>
    `训练结束时损失仍在下降（最后四分之一降了 ${format.percent(fall)}）。增加轮数（num_train_epochs）可能会更好。`,
  judged_by_nll:
    '以上按 nll_loss（-log p 的平均值）判断；训练所用的是另一种损失（loss_type 或 label_smoothing_factor）。',
  loss_stays: ({ rate }) =>
    `训练损失几乎没有变化：要么模型本来就会，要么学习率 ${rate} 太低，或者高到学了也留不住。可以试试十倍或十分之一的学习率。`,
  loss_rises: ({ rate }) => `训练损失不降反升：学习率 ${rate} 多半太高，请降到三分之一或十分之一再试。`,
  rates_trying: '正在尝试各种学习率',
};
