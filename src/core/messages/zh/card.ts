import type { Catalogue } from '../catalogue';
import { format } from './format';

type AdapterFacts = Parameters<Catalogue['card']['trained']>[0];

function adapterOf({ kind, r, alpha, parameters, modules }: AdapterFacts): string {
  const rank = r === undefined ? '' : `秩为 ${r}（lora_alpha ${alpha}），`;
  return `${kind} 适配器，${rank}共 ${format.count(parameters)} 个参数，作用于 ${modules.join('、')}`;
}

/** The model card: README.md of an export. */
export const card: Catalogue['card'] = {
  adapterTitle: (kind, model) => `${model} 的 ${kind} 适配器`,
  mergedTitle: (model) => `微调后的 ${model}`,
  merged: (model, dtype) => `${dtype} 精度的 ${model}，已合并适配器：`,
  trainedWhole: (model, dtype, parameters, how) =>
    `${dtype} 精度的 ${model}，其中 ${format.count(parameters)} 个参数由 Tunesmith 训练（${how}）。`,
  trained: (adapter) => `${adapterOf(adapter)}，由 Tunesmith 训练。`,
  exported: (adapter) => `${adapterOf(adapter)}，由 Tunesmith 导出。`,
  startedAsPissa: (r, start) =>
    `训练时采用秩为 ${r} 的 PiSSA（init_lora_weights ${start}），保存为普通 LoRA，因此秩加倍。`,
  startedAsLoftq: '它从基座的量化误差开始训练（LoftQ），因此应与 4 位（NF4）基座一起使用，而不是全精度基座。',
  data: '样本',
  dataColumns: ['文件', '样本数', 'token 数', '目标 token 数', '评估样本数', '评估 token 数'],
  cleaned: '样本依次经过以下步骤清洗：',
  cleaningColumns: ['步骤', '改动的行数', '丢弃的行数'],
  generated: '以下训练数据行由模型或程序编写，并经人工接受：',
  generatedColumns: ['来源', '行数'],
  loss: '损失',
  lossColumns: ['截至步数', '训练损失', '评估损失', '困惑度'],
  bestStep: (step: number) =>
    `适配器取自第 ${format.count(step)} 步：该步之后的评估损失最低（load_best_model_at_end）。`,
  settings: '设置',
  settingsColumns: ['设置项', '值'],
  useWith: (program) => `在 ${program} 中使用`,
  trainedQuantised:
    '适配器是在量化的基座模型上训练的；换用同一模型的其他权重（例如未量化的权重）时，回答会略有不同。',
  trainedBesideQuantised: '未参与训练的权重在训练时是量化的，这里写入的是量化后反量化的权重或原始权重。',
  mergedFromQuantised: '适配器是在量化的基座模型上训练的。这里的权重由这些量化权重反量化后与适配器合并而成。',
  mergedOnOriginal: '适配器是在量化的基座模型上训练的。这里的权重由基座模型的原始权重与适配器合并而成。',
};
