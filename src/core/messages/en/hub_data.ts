import { format, plural } from './format';

/** Rows of a data set of the Hub, as examples. */
export const hubData = {
  open: 'From the Hub',
  title: 'A data set of the Hub',
  help: (host: string) => `Search ${host}, or type owner/name:`,
  placeholder: 'openai/gsm8k',
  results: 'Data sets',
  lookAt: 'Look at',
  searching: 'Searching…',
  counted: (count: number) => plural(count, 'result'),
  noResults: (query: string) => `No data set is called “${query}”.`,
  downloads: (count: number) => `${format.compact(count)} ${count === 1 ? 'download' : 'downloads'}`,
  looking: 'Asking for its files…',
  license: (name: string | undefined) => `Licence: ${name ?? 'not stated'}`,
  gated: 'Only for people whom its owner has approved.',
  config: 'Configuration',
  split: 'Split',
  size: (rows: number | undefined, bytes: number, files: number) =>
    format.series([
      ...(rows === undefined ? [] : [plural(rows, 'row')]),
      `${format.bytes(bytes)} in ${plural(files, 'file')}`,
    ]),
  rows: 'Rows',
  rowsHelp:
    'A number takes the first ones. Also 1000:2000, -500: (the last 500) or 10%:20%. Empty: all. Only the parts of the files with these rows are downloaded.',
  rowsWrong: 'Write a number, or a range such as 1000:2000.',
  add: 'Add these rows',
};
