import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ServedModel } from './models';

const stored = JSON.parse(readFileSync(new URL('dataset.json', import.meta.url), 'utf8')) as {
  readonly rows: number;
  readonly group: number;
  readonly shards: readonly string[];
};

/** Rows of a shard, and of a row group. */
export const { rows: SHARD_ROWS, group: GROUP_ROWS } = stored;
export const SHARDS = stored.shards.map((shard) => new Uint8Array(gunzipSync(Buffer.from(shard, 'base64'))));

/** A data set of two Parquet files of 1000 questions each, and a JSON Lines file for tests. */
export const SAILORS: ServedModel = {
  repo: 'ships/sailors',
  kind: 'dataset',
  license: 'cc-by-4.0',
  downloads: 7,
  files: {
    'README.md': [
      '---',
      'license: cc-by-4.0',
      'dataset_info:',
      '  splits:',
      '  - name: train',
      `    num_examples: ${SHARD_ROWS * SHARDS.length}`,
      'configs:',
      '- config_name: default',
      '  data_files:',
      '  - split: train',
      '    path: data/train-*',
      '  - split: test',
      '    path: test.jsonl',
      '---',
      '# Sailors',
    ].join('\n'),
    ...Object.fromEntries(
      SHARDS.map((bytes, index) => [`data/train-0000${index}-of-0000${SHARDS.length}.parquet`, bytes]),
    ),
    'test.jsonl': Array.from(
      { length: 40 },
      (_, row) => `{"question":"Who is ${row}?","answer":"Sailor ${row}.","id":9007199254740993}\n`,
    ).join(''),
  },
};
