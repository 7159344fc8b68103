import { plural } from './format';

/** The panels of the files of examples. */
export const files = {
  panel: (name: string) => `How ${name} is read and used`,
  pickFolder: 'Folder…',
  tooMany: (count: string) =>
    `The folder has more files than the first ${count}, which are read. Put them into an archive, or drop them in parts.`,
  unread: 'can’t be read',
  records: (count: number) => plural(count, 'record'),
  forEvaluation: 'for evaluation',
  encoding: 'Encoding',
  delimiter: 'Between the cells',
  delimiters: { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' },
  header: 'First line',
  headers: { true: 'names of the columns', false: 'a row like the others' },
  headless: 'no names of columns (guessed)',
  guessed: (name: string) => `${name} (guessed)`,
  found: (name: string) => `${name} (as found)`,
  find: 'find it out',
  use: 'Use for',
  uses: { train: 'training', eval: 'evaluation' },
  sample: 'Number of examples',
  sampleHelp: {
    train:
      'Empty: all. Otherwise a random sample of this size, in which examples repeat if the file has fewer.',
    eval: 'Empty: all. Otherwise a random sample of this size.',
  },
  system: 'System message',
  systemHelp: 'For conversations that have none.',
  notAllowed: (range: string) => `It must be ${range}.`,
  wholeRange: 'a whole number from 1 on',
  weightRange: 'a number above 0, up to 1000',
  mixture: 'Mixture',
  mixtureHelp:
    'A pass over the examples takes this much of each file. Weights count as setting mix_strategy says. Rows that were added follow, each once.',
  added: 'Rows that were added',
  onceEach: 'once each',
  weight: 'Weight',
  weightOf: (name: string) => `Weight of ${name}`,
  share: 'In a pass',
  shareOf: (count: string, percent: string) => `${count} (${percent})`,
  formats:
    'JSON, JSONL, CSV, TSV, Parquet, XLSX, plain text and Markdown, also in zip and gzip files and in folders. A text or Markdown file is one text. The encoding, the delimiter and the header are found out, and each file shows them with a choice.',
  shapesIntro:
    'Records of these shapes are recognised; a file may mix them. For other columns, each file has a choice:',
  shapes: {
    alpaca: 'Alpaca',
    messages: 'messages',
    sharegpt: 'ShareGPT',
    completion: 'prompt and completion',
    answer: 'question and answer',
    text: 'text',
    preference: 'preference (shown, not learnt)',
    kto: 'KTO (shown, not learnt)',
  },
  shapesExample: 'One record, as a line of JSONL:',
  shapeSample:
    '{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Ahoy!"}]}',
};
