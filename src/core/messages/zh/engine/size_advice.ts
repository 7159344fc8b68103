import { format } from '../format';
import type { sizeAdvice as english } from '../../en/engine/size_advice';

/** Advice from the size of a run, before it starts. */
export const sizeAdvice: typeof english = {
  advice_warmup: ({ warmup, steps }) =>
    `预热要 ${format.count(warmup)} 步，而整个训练只有 ${format.count(steps)} 步：学习率始终停不到最高值。`,
  advice_few_steps: ({ rows, epochs, batch, steps }) =>
    `${format.count(rows)} 个样本 × ${epochs} 轮，每步 ${format.count(batch)} 个，总共只有 ${format.count(steps)} 步，模型几乎不会变化。`,
  advice_rate_low: ({ rate, usual, type }) =>
    `学习率 ${rate} 对 ${type} 偏低，模型可能学不到东西；通常用 ${usual}。`,
  advice_rate_high: ({ rate, usual, type }) =>
    `学习率 ${rate} 对 ${type} 偏高，损失可能突增或上升；通常用 ${usual}。`,
  advice_by_heart: ({ rows, epochs, evaluated }) =>
    `${format.count(rows)} 个样本每个都要看 ${format.count(epochs)} 遍，模型可能会死记硬背。${evaluated ? '可以采用最佳一步的适配器。' : '减少轮数更稳妥。'}`,
  advice_no_held_out: '没有留出评估样本，过拟合将无法察觉。',
  advice_no_evaluation: '留出的样本从不评估（eval_steps 为 0），过拟合将无法察觉。',
  advice_late_evaluation: ({ eval_steps, steps }) =>
    `训练只有 ${format.count(steps)} 步，而 eval_steps 为 ${format.count(eval_steps)}，只会在结束时评估一次。`,
  advice_cut: ({ truncated, rows, cutAt }) =>
    `${format.count(rows)} 个样本中有 ${format.count(truncated)} 个被截断到 ${format.count(cutAt)} 个 token（max_seq_length），模型看不到它们的结尾。`,
  advice_parameters: ({ parameters, targets }) =>
    `${format.compact(parameters)} 个参数只从 ${format.count(targets)} 个 token 中学习：调小 r 学到的一样多，也更不容易过拟合。`,
};
