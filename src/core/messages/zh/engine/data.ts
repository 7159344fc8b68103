import type { dataMessages as english } from '../../en/engine/data';
import { format } from '../format';

const foreign = {
  archive: '这是此处无法打开的压缩包，请先解压。',
  zstd: '这是 zstd 压缩的文件，请先解压。',
  xz: '这是 xz 压缩的文件，请先解压。',
  bzip2: '这是 bzip2 压缩的文件，请先解压。',
  sevenZip: '这是 7z 压缩包，请先解压。',
  office: '这是旧版 Office 文件。请将表格另存为 CSV。',
  arrow: '这是 Arrow 文件。请转换为 JSON Lines：datasets 的 Dataset.to_json 可以完成。',
  sqlite: '这是 SQLite 数据库。请将数据表导出为 CSV。',
  pdf: '这是 PDF。请先将其文本整理为数据行。',
  gguf: '这是 GGUF 格式的模型，不是样本。',
  jpeg: '这是图片（JPEG），此处只能学习文本。',
  png: '这是图片（PNG），此处只能学习文本。',
  numpy: '这是 NumPy 数组。请转换为 JSON Lines。',
  lfs: '这只是 Git LFS 指针。请用 git lfs pull 下载文件本身。',
  html: '这是网页。请下载文件本身，而不是显示它的页面。',
  safetensors: '这是模型的权重文件（safetensors），不是样本。',
};

const kinds = { null: ' null', list: '列表', number: '数字', text: '文本', boolean: '布尔值' };

interface Lines {
  readonly from: number;
  readonly to: number;
}

const where = (lines: Lines | undefined): string =>
  lines === undefined ? '' : `它从第 ${lines.from} 行到第 ${lines.to} 行。`;

/** Why files of examples and their records can't be used. */
export const dataMessages: typeof english = {
  file_empty: '文件为空。',
  file_foreign: ({ kind }) => foreign[kind],
  file_unknown: '文件既不是 JSON 列表，也不是 JSON Lines（以“[”或“{”开头），也不是 CSV 表格。',
  file_encoding: ({ encoding }) => `文件采用 ${encoding} 编码，无法读取。请另存为 UTF-8：其内容没有被读取。`,
  file_undecodable: ({ encoding }) =>
    `此行有些字节不是 ${encoding} 编码的文本。文件已损坏，或采用其他编码：请为该文件选择编码（sources 设置中的“encoding”），或将文件另存为 UTF-8。其内容没有被读取。`,
  file_encoding_guessed: ({ file, encoding }) =>
    `${file} 没有标明编码，按 ${encoding} 读取。若文字有误，请在 sources 设置中用“encoding”指定其他编码。`,
  encoding_probable: ({ name }) => `${name}（推测）`,
  table_headless: ({ file }) =>
    `${file} 的首行看起来是数据，因此各列称为 column_1、column_2 等。如果首行是列名，请在 sources 设置中给出“header”: true。`,
  parquet_unreadable: ({ detail }) => `Parquet 文件已损坏，或其写法在此处无法读取（${detail}）。`,
  parquet_bytes: ({ column }) => `“${column}”列是字节数据，此处只能学习文本。请去掉该列。`,
  parquet_decimal: ({ column }) => `“${column}”列中有超过 15 位的十进制数，无法精确读取。请将该列写成文本。`,
  xlsx_unreadable: '工作簿已损坏或设有密码。请将工作表另存为 CSV。',
  xlsx_large: ({ megabytes, isUnpacked }) =>
    `此处无法读取${isUnpacked ? '解压后' : ''}超过 ${megabytes} MB 的工作簿。请将工作表另存为 CSV。`,
  archive_damaged: ({ file }) => `${file} 已损坏、不完整或已加密。请重新下载，或先解压。`,
  archive_empty: ({ file }) => `${file} 中没有可按扩展名识别的样本文件。`,
  archive_others: ({ names, count }) =>
    `其中 ${count} 个文件因扩展名而未读取：${format.series(names)}${count > names.length ? ' …' : ''}`,
  archive_unpack: ({ megabytes }) => `它超过 ${megabytes} MB，且其格式无法从头到尾依次读取。请先解压。`,
  list_empty: '数据行的列表为空。',
  edit_unreadable: '这一行不是样本表格的编辑记录：文件可能被手动改动过，或者不完整。',
  list_goes_on: '列表结束之后还有其他内容：请只给一个列表，或每行写一条。',
  records_with_commas: '数据行之间有逗号：请每行写一条且不加逗号，或将全部数据行放在 [ 和 ] 之间。',
  records_under: ({ name }) => `数据行在“${name}”之下：请只给出该列表，将它放到“data”之下，或每行写一条。`,
  columns_not_records:
    '文件按列存储，而不是按行：请为每个数据行写一个对象（pandas 中用 orient="records", lines=True）。',
  record_long: ({ millions }) => `一个数据行超过 ${millions * 100} 万个字符：请每行写一条（JSON Lines）。`,
  record_not_json: ({ fault, skipped }) =>
    `不是有效的 JSON：${fault}。${skipped === undefined ? '' : `它与其后的 ${skipped} 行一起被跳过。`}`,
  csv_quote_single: ({ lines }) => `加引号的单元格里，每个引号必须写成两个（""）。${where(lines)}`,
  csv_cell_count: ({ cells, columns, lines }) =>
    `它有 ${cells} 个单元格，而表格有 ${columns} 列。含有分隔符的单元格需加引号。${where(lines)}`,
  csv_column_twice: ({ name }) => `有两列都叫“${name}”：请重命名或删除其中一列。`,
  csv_column_nameless: ({ number }) => `首行中第 ${number} 列没有名称。请为它命名，或清空该列。`,
  table_empty: ({ names }) => `列名之下没有数据行：${names.join('、')}。`,
  csv_cell_not_json: ({ name, fault }) =>
    `“${name}”不是有效的 JSON：${fault}。对话用 JSON Lines 书写更方便。`,
  csv_quote_open: '从此行开始的数据行中有一个引号没有闭合：文件的其余部分因此无法读取。',

  dataset_info_used: ({ names }) =>
    names.length === 0
      ? 'dataset_info.json 没有描述其他任何文件。'
      : `按 dataset_info.json 的说明读取 ${format.series(names)} 的文件。`,
  datasets_in_folders: ({ names }) =>
    `以下是 Hub 上数据集中的单个文件夹，Tunesmith 无法单独读取：${format.series(names)}。请下载其中的文件后添加。`,
  datasets_on_hub: ({ names }) => `以下是 Hub 上的数据集，需要你自己添加其数据行：${format.series(names)}。`,
  datasets_missing: ({ names, isChosen }) =>
    `没有名为 ${format.series(names)} 的文件，dataset_info.json 中也没有这样的条目${isChosen ? '' : '，因此使用全部文件'}。`,
  datasets_left: ({ names }) => `未使用，因为 dataset 中没有写明：${format.series(names)}。`,
  interleave_probs_count: ({ probabilities, names }) =>
    `interleave_probs 有 ${format.count(probabilities)} 个数，而 dataset 有 ${format.count(names)} 个名称，因此不起作用。`,
  dataset_info_unreadable: ({ file }) => `${file} 不是 LLaMA-Factory 的数据集列表，不起作用。`,

  record_has_media: ({ columns }) =>
    `其中有图片、声音或视频（${format.series(columns)}），而此处只能学习文本。`,
  record_has_placeholder: ({ mark }) => `它询问的是 ${mark} 所代表的图片、声音或视频，而此处只能学习文本。`,
  record_judges: ({ columns }) =>
    `它像 KTO 的数据行那样标明了回答的好坏（${format.series(columns)}）。要学习好的回答，请保留这些数据行并去掉该列。`,
  record_no_object: ({ kind }) => `数据行必须是对象，但这是${kinds[kind]}。`,
  record_shapeless: ({ names }) =>
    `无法识别数据列：${
      names.length === 0 ? '一列也没有' : names.join('、')
    }。请在设置 sources 的 columns 中说明各列的含义，或使用列名“messages”、“instruction”和“output”、“question”和“answer”，或“text”。`,

  field_no_list: ({ name }) => `“${name}”必须是列表。`,
  field_empty: ({ name }) => `“${name}”为空。`,
  field_no_text: ({ name }) => `“${name}”必须是文本。`,
  field_no_object: ({ name }) => `“${name}”必须是对象。`,
  field_missing: ({ name }) => `缺少“${name}”。`,
  history_turn: '“history”的每一轮必须是一对文本。',
  history_list: '“history”必须是 [instruction, output] 对的列表。',
  message_fault: ({ number, fault }) => `第 ${number} 条消息：${fault}`,
  system_twice: ({ name }) => `“system”和“${name}”中都有系统消息：请只保留一个。`,
  system_late: '系统消息只能是第一条。',
  prefix_early: '只有最后一个回答可以是“prefix”，即回答的开头。',
  answer_empty: '回答为空。',
  message_no_object: '每条消息必须是带有“role”和“content”，或“from”和“value”的对象。',
  message_digits: '不支持名称全为数字的字段，因为它会失去在其他字段中的位置。',
  message_weight: ({ name, most }) => `“${name}”必须是 0 到 ${format.count(most)} 之间的数：回答的损失权重。`,
  row_weight: ({ name, most }) =>
    `“${name}”必须是 0 到 ${format.count(most)} 之间的数：数据行的损失权重。如果该列另有含义，请指定各列的含义。`,
  row_weight_zero: ({ name }) => `“${name}”为 0，因此这一行不会被学习。`,
  message_role: ({ roles }) => `“role”必须是 ${roles.join('、')} 之一。`,
  message_function_call: '模板不读取“function_call”：请写成“tool_calls”。',
  message_no_content: '没有“content”。',
  message_content: '“content”必须是文本，或由若干部分组成的列表。',
  message_part: '“content”的每个部分必须是对象。',
  message_part_type: '“content”的每个部分需要有“type”。',
  message_part_foreign: ({ type }) => `其中有类型为 ${type} 的部分，而此处只能学习文本。`,
  message_calls: '“tool_calls”必须是对象的列表。',
  message_arguments: '调用的“arguments”是文本，但不是 JSON 对象。',
  turn_from: ({ name, from, speakers }) => `“${name}”为 ${from}，必须是 ${speakers.join('、')} 之一。`,
  preference_no_prompt: '两个回答之前没有提示词。',
  preference_same: '两个回答相同，无法区分优劣。',
  verdict_unclear: ({ name }) => `“${name}”必须是 true 或 false。`,
  verdict_no_answer: '最后一条消息必须是被评判的回答。',
  turn_calls: '与“from”同时出现的“tool_calls”不会被读取：请写“role”和“content”，或“function_call”轮次。',
  turn_call: '其调用不是带有“name”和“arguments”的 JSON。',
  tools_list: '“tools”必须是对象的列表，或该列表的 JSON 文本。',

  template_own: '模型的对话模板',
  template_alpaca: 'Alpaca 提示词',
  template_endless: '嵌套过深，或输出过多',
};
