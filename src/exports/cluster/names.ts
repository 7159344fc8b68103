/** The files of the folder. Both trainers read the examples from `data`. */
export const FILES = {
  readme: 'README.md',
  script: 'train.py',
  factory: 'llamafactory.yaml',
  zero2: 'accelerate_zero2.yaml',
  fsdp: 'accelerate_fsdp.yaml',
  info: 'data/dataset_info.json',
  /** The folder of the adapter that the training begins with. */
  start: 'start_adapter',
} as const;

/** The two parts of the examples, by the names that the files have. */
export const PARTS = ['train', 'eval'] as const;
export type Part = (typeof PARTS)[number];

/** Conversations or texts, one a line. */
export const recordsFile = (part: Part): string => `data/${part}.jsonl`;
/** The same as tokens with labels. */
export const tokensFile = (part: Part): string => `data/${part}_tokens.jsonl`;
/** The same as LLaMA-Factory writes them, if it can't read the others. */
export const factoryFile = (part: Part): string => `data/${part}_llamafactory.jsonl`;
/** The name of a part in dataset_info.json. */
export const datasetName = (part: Part): string => `tunesmith_${part}`;
