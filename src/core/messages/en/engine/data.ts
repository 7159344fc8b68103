import { format, plural } from '../format';

const foreign = {
  archive: 'an archive that can’t be opened here. Unpack it first',
  zstd: 'compressed with zstd. Unpack it first',
  xz: 'compressed with xz. Unpack it first',
  bzip2: 'compressed with bzip2. Unpack it first',
  sevenZip: 'a 7z archive. Unpack it first',
  office: 'an old Office file. Save the sheet as CSV',
  arrow: 'an Arrow file. Write it as JSON Lines: Dataset.to_json of datasets does it',
  sqlite: 'an SQLite database. Export the table as CSV',
  pdf: 'a PDF. Put its text into records first',
  gguf: 'a model in GGUF, not examples',
  jpeg: 'a picture (JPEG), and only text can be learnt here',
  png: 'a picture (PNG), and only text can be learnt here',
  numpy: 'a NumPy array. Write it as JSON Lines',
  lfs: 'only a Git LFS pointer. Download the file itself with git lfs pull',
  html: 'a web page. Download the file itself, not the page that shows it',
  safetensors: 'a file of model weights (safetensors), not examples',
};

const kinds = { null: 'null', list: 'a list', number: 'a number', text: 'a text', boolean: 'a boolean' };

interface Lines {
  readonly from: number;
  readonly to: number;
}

const where = (lines: Lines | undefined): string =>
  lines === undefined ? '' : ` It goes from line ${lines.from} to line ${lines.to}.`;

/** Why files of examples and their records can't be used. */
export const dataMessages = {
  file_empty: 'The file is empty.',
  file_foreign: ({ kind }: { kind: keyof typeof foreign }) => `This is ${foreign[kind]}.`,
  file_unknown: 'The file is not a JSON list, JSON Lines (which begin with “[” or “{”) or a CSV table.',
  file_encoding: ({ encoding }: { encoding: string }) =>
    `The file is in ${encoding}, which can’t be read. Save it as UTF-8: nothing was read from it.`,
  file_undecodable: ({ encoding }: { encoding: string }) =>
    `Some bytes of this line are not text in ${encoding}. The file is damaged, or in another encoding: choose it for this file (“encoding” in the setting sources), or save the file as UTF-8. Nothing was read from it.`,
  file_encoding_guessed: ({ file, encoding }: { file: string; encoding: string }) =>
    `${file} names no encoding and was read as ${encoding}. If letters are wrong, give another as “encoding” in the setting sources.`,
  encoding_probable: ({ name }: { name: string }) => `probably ${name}`,
  table_headless: ({ file }: { file: string }) =>
    `The first line of ${file} looks like a row, so its columns are called column_1, column_2 and so on. If it names the columns, give “header”: true in the setting sources.`,
  parquet_unreadable: ({ detail }: { detail: string }) =>
    `The Parquet file is damaged, or written in a way that can’t be read here (${detail}).`,
  parquet_bytes: ({ column }: { column: string }) =>
    `“${column}” holds bytes, and only text can be learnt here. Leave that column out.`,
  parquet_decimal: ({ column }: { column: string }) =>
    `“${column}” holds a decimal number of over 15 digits, which can’t be read exactly. Write that column as text.`,
  xlsx_unreadable: 'The workbook is damaged or has a password. Save the sheet as CSV.',
  xlsx_large: ({ megabytes, isUnpacked }: { megabytes: number; isUnpacked: boolean }) =>
    `A workbook of over ${megabytes} MB${isUnpacked ? ', unpacked,' : ''} can’t be read here. Save the sheet as CSV.`,
  archive_damaged: ({ file }: { file: string }) =>
    `${file} is damaged, cut off or encrypted. Download it again, or unpack it first.`,
  archive_empty: ({ file }: { file: string }) => `${file} contains no files of examples, by their endings.`,
  archive_others: ({ names, count }: { names: readonly string[]; count: number }) =>
    `${count === 1 ? 'One file in it is' : `${count} files in it are`} not read, because of ${count === 1 ? 'its ending' : 'their endings'}: ${format.series(names)}${count > names.length ? ' …' : ''}`,
  archive_unpack: ({ megabytes }: { megabytes: number }) =>
    `It has over ${megabytes} MB, and its format is not read from the beginning to the end. Unpack it first.`,
  list_empty: 'The list of records is empty.',
  edit_unreadable:
    'This line is not an edit of a table of examples. The file was changed by hand, or it was cut off.',
  list_goes_on: 'Something follows the end of the list: give one list, or one record a line.',
  records_with_commas:
    'There is a comma between the records: write one a line without commas, or all of them between [ and ].',
  records_under: ({ name }: { name: string }) =>
    `The records are under “${name}”: give that list alone, put it under “data”, or write one record a line.`,
  columns_not_records:
    'The file holds columns, not records: write one object a record (in pandas: orient="records", lines=True).',
  record_long: ({ millions }: { millions: number }) =>
    `One record has over ${millions} million characters: write one record a line (JSON Lines).`,
  record_not_json: ({ fault, skipped }: { fault: string; skipped?: number }) =>
    `Not valid JSON: ${fault}.${skipped === undefined ? '' : ` This record and the ${skipped} lines after it are left out.`}`,
  csv_quote_single: ({ lines }: { lines?: Lines }) =>
    `A quote within a quoted cell must be doubled ("").${where(lines)}`,
  csv_cell_count: ({ cells, columns, lines }: { cells: number; columns: number; lines?: Lines }) =>
    `It has ${plural(cells, 'cell')}, and the table has ${plural(columns, 'column')}. A cell with the delimiter in it needs quotes around it.${where(lines)}`,
  csv_column_twice: ({ name }: { name: string }) => `Two columns are called “${name}”: rename or remove one.`,
  csv_column_nameless: ({ number }: { number: number }) =>
    `Column ${number} has no name in the first line. Name it, or empty it.`,
  table_empty: ({ names }: { names: readonly string[] }) =>
    `The table has no rows below the names of its columns: ${format.series(names)}.`,
  csv_cell_not_json: ({ name, fault }: { name: string; fault: string }) =>
    `“${name}” is not valid JSON: ${fault}. For conversations, JSON Lines are easier to write.`,
  csv_quote_open:
    'A quote opens in the record on this line and is never closed, so the rest of the file can’t be read.',

  dataset_info_used: ({ names }: { names: readonly string[] }) =>
    names.length === 0
      ? 'dataset_info.json describes none of the other files.'
      : `dataset_info.json says how the files of ${format.list(names)} are read.`,
  datasets_in_folders: ({ names }: { names: readonly string[] }) =>
    `These are single folders of data sets of the Hub, which Tunesmith can’t take alone: ${format.series(names)}. Download their files and add them.`,
  datasets_on_hub: ({ names }: { names: readonly string[] }) =>
    `These are data sets of the Hub, whose rows you have to add: ${format.list(names)}.`,
  datasets_missing: ({ names, isChosen }: { names: readonly string[]; isChosen: boolean }) =>
    `No file is called ${format.alternatives(names)}, and no entry of a dataset_info.json describes one of that name${isChosen ? '' : ', so all files are used'}.`,
  datasets_left: ({ names }: { names: readonly string[] }) =>
    `Not used, because dataset does not name ${names.length === 1 ? 'it' : 'them'}: ${format.list(names)}.`,
  interleave_probs_count: ({ probabilities, names }: { probabilities: number; names: number }) =>
    `interleave_probs has ${plural(probabilities, 'number')} and dataset ${plural(names, 'name')}, so it has no effect.`,
  dataset_info_unreadable: ({ file }: { file: string }) =>
    `${file} is not a list of data sets as LLaMA-Factory has it, so it has no effect.`,

  record_has_media: ({ columns }: { columns: readonly string[] }) =>
    `It has pictures, sound or video (${format.series(columns)}), and only text can be learnt here.`,
  record_has_placeholder: ({ mark }: { mark: string }) =>
    `It asks about a picture, sound or video, marked ${mark}, and only text can be learnt here.`,
  record_judges: ({ columns }: { columns: readonly string[] }) =>
    `It says whether its answer is good (${format.series(columns)}), as KTO’s records do. To learn the good ones, keep them and leave out that column.`,
  record_no_object: ({ kind }: { kind: keyof typeof kinds }) =>
    `A record must be an object, but this is ${kinds[kind]}.`,
  record_shapeless: ({ names }: { names: readonly string[] }) =>
    `Its columns are not recognised: ${format.series(names) || 'it has none'}. Say what they mean, with columns in the setting sources, or use the names “messages”, “instruction” and “output”, “question” and “answer”, or “text”.`,

  field_no_list: ({ name }: { name: string }) => `“${name}” must be a list.`,
  field_empty: ({ name }: { name: string }) => `“${name}” is empty.`,
  field_no_text: ({ name }: { name: string }) => `“${name}” must be a text.`,
  field_no_object: ({ name }: { name: string }) => `“${name}” must be an object.`,
  field_missing: ({ name }: { name: string }) => `“${name}” is missing.`,
  history_turn: 'each turn of “history” must be a pair of texts.',
  history_list: '“history” must be a list of pairs [instruction, output].',
  message_fault: ({ number, fault }: { number: number; fault: string }) => `Message ${number}: ${fault}`,
  system_twice: ({ name }: { name: string }) =>
    `There is a system message both in “system” and in “${name}”: keep one of them.`,
  system_late: 'a system message can only be the first.',
  prefix_early: 'only the last answer can be a “prefix”, the beginning of one.',
  answer_empty: 'the answer is empty.',
  message_no_object: 'each message must be an object with “role” and “content”, or with “from” and “value”.',
  message_digits:
    'a field name of digits alone is not supported, because its place among the other fields is lost.',
  message_weight: ({ name, most }: { name: string; most: number }) =>
    `“${name}” must be a number from 0 to ${format.count(most)}: the weight of the answer’s loss.`,
  row_weight: ({ name, most }: { name: string; most: number }) =>
    `“${name}” must be a number from 0 to ${format.count(most)}: the weight of the row’s loss. If the column is something else, say what each column means.`,
  row_weight_zero: ({ name }: { name: string }) => `“${name}” is 0, so nothing of the row is learnt.`,
  message_role: ({ roles }: { roles: readonly string[] }) => `“role” must be one of ${roles.join(', ')}.`,
  message_function_call: 'templates do not read “function_call”: write it as “tool_calls”.',
  message_no_content: 'it has no “content”.',
  message_content: '“content” must be a text or a list of parts.',
  message_part: 'each part of “content” must be an object.',
  message_part_type: 'each part of “content” needs a “type”.',
  message_part_foreign: ({ type }: { type: string }) =>
    `it has a part of type ${type}, and only text can be learnt here.`,
  message_calls: '“tool_calls” must be a list of objects.',
  message_arguments: 'the “arguments” of a call are a text, but not a JSON object.',
  turn_from: ({ name, from, speakers }: { name: string; from: string; speakers: readonly string[] }) =>
    `“${name}” is ${from}; it must be one of ${speakers.join(', ')}.`,
  preference_no_prompt: 'no prompt stands before its two answers.',
  preference_same: 'Its two answers are the same, so none is preferred.',
  verdict_unclear: ({ name }: { name: string }) => `“${name}” must be true or false.`,
  verdict_no_answer: 'the last message must be the answer that is judged.',
  turn_calls:
    '“tool_calls” are not read beside “from”: write “role” and “content”, or “function_call” turns.',
  turn_call: 'its call is not JSON with “name” and “arguments”.',
  tools_list: '“tools” must be a list of objects, or that list as JSON text.',

  template_own: 'the model’s chat template',
  template_alpaca: 'the Alpaca prompt',
  template_endless: 'it nests too deeply, or writes too much',
};
