import type { session as english } from '../../en/engine/session';
import { format } from '../format';

/** Messages about opening a model, reading examples and runs. */
export const session: typeof english = {
  model_opening: '正在打开模型',
  run_opening: '正在打开训练任务',
  files_reading: '正在读取模型文件',
  stored_model_reading: '正在读取已保存的模型',
  other_tab_fetching: ({ repo }) => `另一个标签页正在下载 ${repo}，本页等待其完成`,
  host_asking: ({ host, repo }) => `正在向 ${host} 查询 ${repo}`,
  file_fetching: ({ file, repo }) => `正在下载 ${repo} 的 ${file}`,
  downloading: ({ repo }) => `正在下载 ${repo}`,
  downloading_loading: ({ tensor }) => `正在下载 · 加载 ${tensor}`,
  downloading_quantising: ({ tensor }) => `正在下载 · 量化 ${tensor}`,
  tensor_loading: ({ tensor }) => `正在加载 ${tensor}`,
  tensor_quantising: ({ tensor }) => `正在量化 ${tensor}`,
  copy_keeping: '正在本机保存模型副本',
  examples_reading: '正在读取样本',
  noise_reducing: '正在将适配器与基座权重比较',
  noise_measuring: '正在计算损失',
  start_copying: '正在复制要训练的权重',
  start_computing: ({ kind }) => `正在根据权重计算 ${kind} 的初始值`,
  keeping_for_reload: ({ label, fraction }) => `${label}，以便刷新后继续训练：${format.percent(fraction)}`,
  device_lost_going_on: ({ step }) => `与显卡的连接已断开，正从第 ${format.count(step)} 步继续。`,
  copy_stopped: '此模型的副本没有保存，因为保存被中止；下次打开模型时会再次保存。',
  copy_no_room: ({ reason }) => `没有足够的空间保存此模型，下次需要重新下载。${reason}`,
  run_copy_no_room: ({ reason }) => `没有足够的空间保存模型：刷新后，请先重新打开它再继续训练。${reason}`,
  gguf_chosen: ({ count, file }) => `在 ${format.count(count)} 个 GGUF 文件中选择了 ${file}。`,
  hub_has_newer: ({ now, kept }) =>
    `Hub 上此模型的版本（${now}）与已保存的版本（${kept}）不同。要下载 Hub 上的版本，请先删除已保存的模型。`,
  positions_limit: ({ positions, max_seq_length }) =>
    `此模型一次最多处理 ${positions} 个 token：max_seq_length = ${max_seq_length} 按 ${positions} 处理。`,
  template_unusable: ({ reason }) => `${reason}请选择 Alpaca 提示词作为模板。`,
  eos_missing:
    'tokenizer_config.json 没有指定 eos_token，其他文件中也没有：文本或回答的末尾不会写入结束标记。',
  eos_taken: ({ token }) =>
    `tokenizer_config.json 没有指定 eos_token；按照分词器的类或模型的配置采用 ${token}。`,
  adapter_of_other_base: ({ named, open }) =>
    `此适配器是为 ${named} 训练的，而当前打开的是 ${open}。如果二者是不同的模型，效果会不好。`,
  mix_templates: ({ used, other }) =>
    `${other} 训练时的对话模板与 ${used} 的不同，混合后采用 ${used} 的模板。`,
  adapter_template: ({ alpaca }) =>
    alpaca
      ? '此适配器是用 Alpaca 提示词训练的：对话和导出都采用它。'
      : '此适配器自带的对话模板与基座模型的不同：对话和导出都采用适配器的模板。',
  weight_formats: ({ formats, published }) =>
    `${formats.join('、')}${{ all: '（与发布时一致）', rest: '（其余与发布时一致）', none: '' }[published]}`,
  conversations_template: ({ template }) => `对话使用的模板：${template}。`,
  examples_endless: ({ endless, examples }) =>
    `${format.count(examples)} 条样本中有 ${format.count(endless)} 条的文本或回答没有以特殊 token 结尾：模型无法从中学会何时停止。`,
  examples_weighted: ({ weighted }) =>
    `${format.count(weighted)} 条数据行的回答或文本带有损失权重：训练时按权重计算，评估时不计权重。`,
  sources_unknown: ({ names }) =>
    `设置 sources 中有 ${format.list(names)} 的选项，但没有这个名称的样本文件。`,
  cleaning_step: ({ step, changed, dropped }) =>
    `清洗（${step}）：改动 ${format.count(changed)} 条数据行，丢弃 ${format.count(dropped)} 条。`,
  columns_guess: ({ sources }) => `有些数据列无法识别。从列名和内容看，其含义可能是：sources = ${sources}`,
  columns_absent: ({ file, names }) =>
    `设置 sources 中写了 ${file} 开头的数据行没有的列：${format.list(names)}。`,
  examples_judged: ({ compared, judged }) =>
    `${format.list([
      ...(compared > 0 ? [`${format.count(compared)} 条对比优劣回答的数据行`] : []),
      ...(judged > 0 ? [`${format.count(judged)} 条标明回答好坏的数据行`] : []),
    ])}已保留，但不会学习：当前训练目标不学习回答的优劣对比。`,
  examples_leaked: ({ leaked }) =>
    `有 ${format.count(leaked)} 条训练样本与评估样本内容相同，训练时不使用这些样本。`,
  nothing_held_out:
    '只有一个样本，没有留出评估样本。请添加一个用于评估的文件，才能在训练未用到的文本上计算损失。',
  other_objective: '训练目标',
  other_model: '模型',
  other_examples: '样本',
  other_adapter_settings: '适配器设置',
};
