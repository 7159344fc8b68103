import type { clusterMessages as english } from '../../en/engine/cluster';
import { format } from '../format';

export const clusterMessages: typeof english = {
  export_cluster: '样本、脚本和设置，供更大的机器用 TRL 或 LLaMA-Factory 训练',
  export_start: '从何开始',
  export_start_help: '训练开始时的适配器',
  export_start_new: '新的适配器',
  export_start_new_help: '在那里训练新的适配器',
  export_start_open: '当前打开的适配器',
  export_start_open_help: '继续训练当前打开的适配器',
  cluster_unsaid: ({ trainer, settings }) =>
    `${trainer} 没有以下设置，训练时不会采用：${settings.join('；')}。`,
  cluster_whole_base:
    'TRL 和 LLaMA-Factory 的 PiSSA 只支持全精度的基座模型，因此会在原始发布的基座模型上训练，而不是在 4-bit 权重上：占用的显存更多，得到的适配器也对应全精度的基座模型。',
  cluster_alpaca: 'LLaMA-Factory 的 Alpaca 提示词措辞略有不同。',
  cluster_weights: ({ count }) =>
    `TRL 和 LLaMA-Factory 没有损失权重：它们会把 ${format.count(count)} 条带权重的数据行与其他行同等对待。`,
  cluster_prefixes: ({ count }) =>
    `有 ${format.count(count)} 个回答只是开头，LLaMA-Factory 会连同它们的结束一起学习。`,
  cluster_mixed: ({ texts, conversations }) =>
    `LLaMA-Factory 只训练 ${format.count(conversations)} 段对话，不用 ${format.count(texts)} 段文本：它不能在一次训练中混用两者。`,
  cluster_loss: ({ loss, count }) => {
    const some = `${format.count(count)} 段对话`;
    const losses = {
      order: `LLaMA-Factory 会跳过 ${some}：问答必须交替，并以回答结尾。`,
      weights: `LLaMA-Factory 也会训练 ${some}中被排除的回答。`,
      thoughts: `LLaMA-Factory 会丢掉 ${some}中的思考内容。`,
      variables: `LLaMA-Factory 会丢掉 ${some}的模板变量。`,
      words: `LLaMA-Factory 会丢掉 ${some}中与调用写在一起的文字。`,
    };
    return losses[loss];
  },
  cluster_readme_folder: ({ base, training, heldOut }) =>
    `来自 Tunesmith：在 ${format.count(training)} 条样本上为 **${base}** 训练 LoRA${heldOut > 0 ? `，另有 ${format.count(heldOut)} 条样本用于评估` : ''}；\`data\` 里有数据行和对应的 token，\`settings.yaml\` 里有全部设置。`,
  cluster_readme_trl: ({ install, one, several, other }) =>
    `TRL：先 \`${install}\`，单卡运行 \`${one}\`，多卡运行 \`${several}\`（DeepSpeed ZeRO-2，需 \`pip install deepspeed\`；用 FSDP 时换成 \`${other}\`）。已试过单进程，以及在 CPU 上用两个进程（包括 FSDP）；没有试过多张 GPU、DeepSpeed，以及 4-bit 基座模型上的 FSDP。`,
  cluster_readme_reread: ({ line }) => `这些 token 只适用于这个基座模型；换用别的模型时：\`${line}\`。`,
  cluster_readme_factory: ({ line, accumulation }) =>
    `LLaMA-Factory：\`${line}\`；多卡时请把 \`gradient_accumulation_steps: ${accumulation}\` 除以卡数。`,
  cluster_readme_same:
    '各项设置含义相同，但随机数不同；两者按批次平均评估损失（Tunesmith 按 token 平均）；LLaMA-Factory 还会学习回答之后的换行。',
  cluster_readme_back: ({ folder }) =>
    `训练好的适配器可以在 Tunesmith 中重新打开：步骤“导出”→“导入适配器”，选择文件夹 \`${folder}\`（LLaMA-Factory：\`adapter_llamafactory\`）。`,
};
