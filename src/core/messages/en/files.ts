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
  sampleHelp:
    'Empty: all. Otherwise a random sample of this size, in which examples repeat if the file has fewer.',
  system: 'System message',
  systemHelp: 'For conversations that have none.',
  notAllowed: (range: string) => `It must be ${range}.`,
  wholeRange: 'a whole number from 1 on',
  weightRange: 'a number above 0, up to 1000',
  mixture: 'Mixture',
  mixtureHelp:
    'A pass over the examples takes this much of each file. Weights count as setting mix_strategy says.',
  weight: 'Weight',
  weightOf: (name: string) => `Weight of ${name}`,
  share: 'In a pass',
  shareOf: (count: string, percent: string) => `${count} (${percent})`,
};
