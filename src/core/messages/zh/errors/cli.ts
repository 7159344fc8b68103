import type { cliErrors as english } from '../../en/errors/cli';
import { format } from '../format';

const RESUME = '在同一命令后加上 --resume_from_checkpoint 即可从该处继续。';
const NEW_FOLDER = '请指定一个新文件夹或空文件夹。';

/** Errors of the command line. */
export const cliErrors: typeof english = {
  argument_choice: ({ option, given, choices }) => ({
    message: `--${option} 必须是 ${format.alternatives(choices)}，而不是“${given}”。`,
    hint: '请选择其中之一。',
  }),
  argument_amount: ({ option, given }) => ({
    message: `--${option} 必须是大于 0 的数字，而不是“${given}”。`,
    hint: '请填写这样的数字，小数点用“.”。',
  }),
  argument_number: ({ option, given, most }) => ({
    message: `--${option} 必须是 1 到 ${format.count(most)} 的整数，而不是“${given}”。`,
    hint: '请填写这样的数字。',
  }),
  key_variable_empty: ({ name }) => ({
    message: `环境变量 ${name} 不存在或为空。`,
    hint: '请把它设为服务的密钥，或去掉 --key_variable。',
  }),
  argument_flag: ({ option, given }) => ({
    message: `--${option} 必须为 true 或 false，而不是“${given}”。`,
    hint: `请写成 --${option} true 或 --${option} false。`,
  }),
  argument_missing: ({ command, option, value }) => ({
    message: `${command} 需要 --${option} ${value}。`,
    hint: `请查看 ${command} --help。`,
  }),
  argument_of_other_format: ({ option, format: chosen, owners }) => ({
    message: `--${option} 对格式 ${chosen} 无效，仅用于 ${owners.join('、')}。`,
    hint: '请去掉它。',
  }),
  argument_unknown: ({ command, option, nearest }) => ({
    message: `${command} 没有选项 ${option}。`,
    hint: nearest === undefined ? `请查看 ${command} --help。` : `是否指 --${nearest}？`,
  }),
  argument_unused: ({ command, option }) => ({
    message: `${option} 对 ${command} 无效。`,
    hint: `请去掉它。详见 ${command} --help。`,
  }),
  argument_without_value: ({ option, value }) => ({
    message: `${option} 需要一个值。`,
    hint: `请写成 ${option} ${value}。`,
  }),
  argument_word: ({ command, word }) => ({
    message: `${command} 不接受“${word}”。`,
    hint: `请查看 ${command} --help。`,
  }),
  mix_setting_unused: ({ name, type }) => ({
    message: `用 ${type} 混合时，--${name} 不起作用。`,
    hint: '请去掉它，或换一个 --combination_type。',
  }),
  mix_weight: ({ name, given }) => ({
    message: `${name} 的权重必须是数值，而不是“${given}”。`,
    hint: '例如写成 --adapter DIR=0.7。',
  }),
  command_unknown: ({ name, names }) => ({
    message: `没有名为 ${name} 的命令。`,
    hint: `可用的命令有 ${names.join('、')}。`,
  }),
  dataset_info_of_files: {
    message: '--info 用于查看 Hub 的数据集，而 --data 中没有。',
    hint: '请写明一个数据集：--data hub:OWNER/NAME。',
  },
  data_file_missing: ({ path }) => ({
    message: `--data：找不到文件 ${path}。`,
    hint: '请检查路径。',
  }),
  data_folder_empty: ({ path, endings }) => ({
    message: `--data：文件夹 ${path} 中没有样本文件。`,
    hint: `请指定文件，或包含以 ${endings.join('、')} 结尾的文件的文件夹。`,
  }),
  folder_is_file: ({ option, path, folder }) => ({
    message: `--${option}：${path} 是文件，不是文件夹。`,
    hint: `请指定它所在的文件夹：${folder}。`,
  }),
  folder_empty: ({ option, path }) => ({
    message: `--${option} 的文件夹 ${path} 中没有文件。`,
  }),
  folder_missing: ({ option, path }) => ({
    message: `--${option}：找不到文件夹 ${path}。`,
    hint: '请检查路径。',
  }),
  gpu_driver_missing: {
    message: 'WebGPU 在这台机器上没有找到显卡。',
    hint: '请安装显卡驱动；在 Linux 上需要支持 Vulkan 的驱动。',
  },
  input_id_beyond: ({ id, vocabulary }) => ({
    message: `--input_ids：没有编号为 ${id} 的 token；词表大小为 ${vocabulary}。`,
    hint: `请使用小于 ${vocabulary} 的编号。`,
  }),
  input_ids: ({ given }) => ({
    message: `--input_ids 必须是以逗号分隔的整数，而不是“${given}”。`,
    hint: '请写成 1,2,3。',
  }),
  input_ids_too_many: ({ count, positions }) => ({
    message: `--input_ids 有 ${format.count(count)} 个 token；该模型最多接受 ${format.count(positions)} 个。`,
    hint: '请减少 token 数。',
  }),
  kept_model_unknown: ({ id, several }) => ({
    message: several
      ? `--remove：有多个模型的编号以 ${id} 开头。`
      : `--remove：没有编号以 ${id} 开头的模型。`,
    hint: '请使用 tunesmith models 列出的编号。',
  }),
  model_folder_missing: ({ path }) => ({
    message: `--model：找不到文件夹 ${path}。`,
    hint: `请检查路径。如果是 Hub 上的模型，请使用 tunesmith preview --model ${path}。`,
  }),
  no_checkpoint: ({ path }) => ({
    message: `--resume_from_checkpoint：${path} 中没有训练任务。`,
    hint: '去掉此选项即可开始新的训练。',
  }),
  no_targets: {
    message: '样本中没有计入损失的 token。',
    hint: '请增大 max_seq_length，或使用 --train_on all 评估。',
  },
  output_dir: ({ path, option, reason }) => ({
    message: `--${option}：无法写入 ${path}：${reason}。`,
    hint: '请指定一个可写入的文件夹；不存在时会自动创建。',
  }),
  output_dir_in_use: ({ path, option }) => ({
    message: `--${option}：另一个进程正在写入 ${path}。`,
    hint: '请等待它完成、停止它，或指定其他文件夹。',
  }),
  output_dir_model: ({ path, file }) => ({
    message: `--output_dir：${path} 中已有另一个模型（${file}），训练结果会覆盖它。`,
    hint: '请指定另一个文件夹。',
  }),
  output_dir_used: ({ path }) => ({
    message: `--output_dir：${path} 中已有训练任务。`,
    hint: '用 --resume_from_checkpoint 继续，用 --overwrite_output_dir 替换，或指定其他文件夹。',
  }),
  output_file_used: ({ path, isFolder }) => ({
    message: isFolder ? `--output：${path} 是文件夹。` : `--output：${path} 已存在。`,
    hint: isFolder ? '请指定一个文件。' : '用 --overwrite 替换，或指定其他文件。',
  }),
  output_named_file: ({ path, folder }) => ({
    message: `--output：${path} 是文件名，而导出结果是一个文件夹。`,
    hint: `请指定一个文件夹，例如 ${folder}；文件会写入其中。`,
  }),
  output_not_empty: ({ path, first }) => ({
    message: `--output：${path} 不是空文件夹，其中有 ${first}。`,
    hint: NEW_FOLDER,
  }),
  path_unreadable: ({ path, option, reason, folder }) => ({
    message:
      option === undefined ? `无法读取 ${path}：${reason}。` : `--${option}：无法读取 ${path}：${reason}。`,
    hint: `请检查 ${folder} 及其内容的权限，或使用副本。`,
  }),
  records_unusable: ({ problem }) => ({
    message: problem === undefined ? '--data：没有可用的数据行。' : `--data：没有可用的数据行：${problem}`,
    hint: '每个数据行需要有 instruction 和 output，或 messages，或 text。',
  }),
  base_name_known: ({ name }) => ({
    message: `--base_model_name_or_path 不适用于 ${name}，它的来源是已知的。`,
    hint: '请去掉该选项。',
  }),
  revision_on_disk: ({ path }) => ({
    message: `--revision 对磁盘上的 ${path} 无效。`,
    hint: '请去掉它。',
  }),
  run_id_unknown: ({ option, id, several }) => ({
    message: several
      ? `--${option}：有多个训练任务的编号以 ${id} 开头。`
      : `--${option}：没有编号以 ${id} 开头的训练任务。`,
    hint: '请使用列表中的编号；不带此选项运行该命令会列出它们。',
  }),
  stopped: { message: '已停止。' },
  stopped_answering: { message: '已停止，回答不完整。' },
  stopped_at_step: ({ step, steps, path }) => ({
    message: `已在第 ${step} 步（共 ${steps} 步）停止；该步的适配器在 ${path} 中。`,
    hint: RESUME,
  }),
  stopped_before_first_step: ({ steps, replaces }) => ({
    message: `已在第一步（共 ${steps} 步）之前停止：还没有适配器。`,
    hint: replaces ? '该文件夹中原有的训练任务仍在。' : RESUME,
  }),
  stopped_opening: {
    message: '已停止，模型还没有打开。',
    hint: '已下载的部分会保留：再次运行同一命令即可继续。',
  },
  upload_unfinished: ({ path, file }) => ({
    message: `${path} 中的导出被中断：${file} 不完整。`,
    hint: '请重新导出到这个文件夹，然后再上传。',
  }),
};
