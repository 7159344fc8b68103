import type { exportChecks as english } from '../../en/engine/export_checks';
import { format } from '../format';

/** The findings of an export’s check, a sentence each. */
export const exportChecks: typeof english = {
  checked_exactly: '已校验：重新读取这些文件后，得到的回答完全一致。',
  checked_adapter: ({ difference }) =>
    `已校验：重新读取这些文件后，适配器相同（仅有舍入误差）。logits 最多相差 ${format.number(difference)}。`,
  checked_beside: '已校验：重新读取这些文件后，基座权重与训练时一致，单独存放的适配器也与训练结果一致。',
  checked_merged: '已校验：重新读取这些文件后，每个权重都等于模型与适配器之和（只舍入一次）。',
  checked_onto_original: '已校验：重新读取这些文件后，每个权重都等于原始模型与适配器之和（只舍入一次）。',
  checked_share: ({ share }) => `训练带来的改动在文件中保留了 ${format.percent(share)} 的幅度。`,
  checked_logits: ({ difference, count, of }) =>
    `logits 最多相差 ${format.number(difference)}，${format.count(of)} 个下一 token 中有 ${format.count(count)} 个相同。`,
  checked_without_logits: '没有比较 logits，因为模型太大，无法在这里再运行一份。',
  checked_tokens: '已校验：重新读取文件后得到的 token 与这里训练用的完全相同。',
  checked_conversations:
    '已校验：重新读取文件后，token 文件与这里训练用的完全相同；记录文件中的对话相同，但不含 Alpaca 提示词。',
};
