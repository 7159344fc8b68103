import { describe, expect, it } from 'vitest';
import { readCard } from '../../../src/hub/datasets/card';
import { globPattern } from '../../../src/hub/datasets/glob';
import { chosenSplit } from '../../../src/hub/datasets/listing';
import { configsOf, convertedConfigs, type DatasetConfig } from '../../../src/hub/datasets/splits';

const listed = (paths: readonly string[]) => paths.map((path) => ({ path, size: 1 }));
const shown = (configs: readonly DatasetConfig[]) =>
  Object.fromEntries(
    configs.map(({ name, splits }) => [
      name,
      Object.fromEntries(splits.map((split) => [split.name, split.files.map(({ path }) => path)])),
    ]),
  );
const found = (paths: readonly string[], card = '') => shown(configsOf(listed(paths), readCard(card)));

// The results are those of datasets 5.2.0: resolve_pattern(pattern, folder).
it.each([
  ['data/train-*', ['data/train-0.parquet', 'data/x/train-1', 'data/test-1'], ['data/train-0.parquet']],
  ['**/*.csv', ['a.csv', 'x/b.csv', 'x/y/c.csv', 'x/c.tsv'], ['a.csv', 'x/b.csv', 'x/y/c.csv']],
  ['x/**', ['x/a', 'x/y/b', 'z'], ['x/a', 'x/y/b']],
  ['[ab]?.json', ['a1.json', 'c1.json', 'ab1.json'], ['a1.json']],
  ['{en,zh}/train.json', ['en/train.json', 'zh/train.json'], []],
  ['a.json', ['a.json', 'aXjson'], ['a.json']],
  ['[!a].txt', ['a.txt', 'b.txt'], ['b.txt']],
  ['*.jsonl', ['a.jsonl', 'x/b.jsonl'], ['a.jsonl']],
])('a pattern finds paths: %s', (pattern, paths, matching) => {
  expect(paths.filter((path) => globPattern(pattern).test(path))).toEqual(matching);
});

describe('splits without a card', () => {
  // The results are those of datasets 5.2.0: get_data_patterns(folder).
  it.each<[readonly string[], Readonly<Record<string, readonly string[]>>]>([
    [['train.jsonl', 'test.jsonl'], { train: ['train.jsonl'], test: ['test.jsonl'] }],
    [
      [
        'data/train-00000-of-00002.parquet',
        'data/train-00001-of-00002.parquet',
        'data/test_sft-00000-of-00001.parquet',
      ],
      {
        train: ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
        test_sft: ['data/test_sft-00000-of-00001.parquet'],
      },
    ],
    [
      ['my_train_set.csv', 'my-dev.csv', 'eval.csv'],
      { train: ['my_train_set.csv'], validation: ['my-dev.csv'], test: ['eval.csv'] },
    ],
    [
      ['training/a.jsonl', 'training/b.jsonl', 'val/a.jsonl'],
      { train: ['training/a.jsonl', 'training/b.jsonl'], validation: ['val/a.jsonl'] },
    ],
    [['a.jsonl', 'sub/b.jsonl'], { train: ['a.jsonl', 'sub/b.jsonl'] }],
    [['trainer.jsonl', 'contest.jsonl'], { train: ['contest.jsonl', 'trainer.jsonl'] }],
    [
      ['en/train/x.jsonl', 'zh/train/x.jsonl', 'en/test/x.jsonl'],
      { train: ['en/train/x.jsonl', 'zh/train/x.jsonl'], test: ['en/test/x.jsonl'] },
    ],
    [['train/0.jsonl', 'test.jsonl'], { train: ['train/0.jsonl'] }],
    [
      ['squad-train-v1.jsonl', 'squad-dev-v1.jsonl'],
      { train: ['squad-train-v1.jsonl'], validation: ['squad-dev-v1.jsonl'] },
    ],
    [['data_training/x.csv', 'other/y.csv'], { train: ['data_training/x.csv'] }],
  ])('%j', (paths, splits) => {
    expect(found(paths)).toEqual({ default: splits });
  });

  it('come from files that can be read, of the kind that most of them have', () => {
    const paths = [
      'README.md',
      'LICENSE.txt',
      'dataset_infos.json',
      '.git/train.json',
      'a.png',
      'a.jsonl',
      'b.jsonl',
      'c.csv',
    ];
    expect(found(paths)).toEqual({ default: { train: ['a.jsonl', 'b.jsonl'] } });
    expect(found(['a.tar', 'b.arrow'])).toEqual({});
    const data = ['citations_train.csv', 'requirements.csv', 'licenses.csv'];
    expect(found([...data, 'requirements.txt'])).toEqual({ default: { train: ['citations_train.csv'] } });
    expect(found(data.slice(1))).toEqual({ default: { train: ['licenses.csv', 'requirements.csv'] } });
    expect(found(['train.jsonl.gz'])).toEqual({ default: { train: ['train.jsonl.gz'] } });
  });
});

describe('a card', () => {
  const card = `---
license: mit
dataset_info:
- config_name: zh
  splits: [{name: train, num_examples: 12}]
configs:
- config_name: en
  data_files: [{split: train, path: "en/*.csv"}, {split: gone, path: none.csv}]
- config_name: zh
  default: true
  data_dir: zh
  data_files: [{split: train, path: ["b.csv", "a.csv"]}]
- config_name: plain
  data_files: "*.jsonl"
---
text`;

  it('names configurations, the default one first, with their files and rows', () => {
    const configs = configsOf(listed(['en/a.csv', 'zh/a.csv', 'zh/b.csv', 'x.jsonl']), readCard(card));
    expect(shown(configs)).toEqual({
      zh: { train: ['zh/b.csv', 'zh/a.csv'] },
      en: { train: ['en/a.csv'] },
      plain: { train: ['x.jsonl'] },
    });
    expect(configs.map(({ isDefault, splits }) => [isDefault, splits[0]?.rows])).toEqual([
      [true, 12],
      [false, undefined],
      [false, undefined],
    ]);
  });

  it('may name configurations by numbers, and files that look like texts about them', () => {
    const years = `---
configs:
- config_name: 2023
  data_files: [{split: 1, path: license.txt}]
- config_name: 2024
  data_dir: 24
---
`;
    expect(found(['license.txt', '24/a.csv'], years)).toEqual({
      2023: { 1: ['license.txt'] },
      2024: { train: ['24/a.csv'] },
    });
  });

  it.each(['- config_name: {a: 1}', '- config_name: a\n  data_files: {train: a.csv}', '- a'])(
    'that lists configurations in another form says so: %s',
    (configs) => {
      expect(() => found(['a.csv'], `---\nconfigs:\n${configs}\n---\n`)).toThrow(
        expect.objectContaining({ code: 'dataset_card' }),
      );
    },
  );

  it.each(['', '# no metadata', '---\n: [\n---\n', '---\nconfigs: 3\n---\n', '---\n- a\n---\n'])(
    'that says nothing leaves the names of the files: %j',
    (text) => expect(found(['train.csv'], text)).toEqual({ default: { train: ['train.csv'] } }),
  );
});

it('reads the folders of the Hub’s Parquet copy', () => {
  const paths = [
    'en/train/0001.parquet',
    'en/train/0000.parquet',
    'default/partial-test/0000.parquet',
    'x.md',
  ];
  expect(shown(convertedConfigs(listed(paths), readCard('')))).toEqual({
    default: { test: ['default/partial-test/0000.parquet'] },
    en: { train: ['en/train/0000.parquet', 'en/train/0001.parquet'] },
  });
  const card = readCard('---\ndataset_info:\n  splits: [{name: test, num_examples: 9}]\n---\n');
  const [part] = convertedConfigs(listed(paths), card)[0]!.splits;
  expect([part?.isPart, part?.rows]).toEqual([true, undefined]);
});

describe('a name chooses', () => {
  const split = (name: string) => ({ name, files: [] });
  const config = (name: string, isDefault: boolean, ...names: string[]): DatasetConfig => ({
    name,
    isDefault,
    splits: names.map(split),
  });
  const chosen = (configs: readonly DatasetConfig[], reference: { config?: string; split?: string }) => {
    const { config: found, split: part } = chosenSplit({ configs }, { repo: 'a/b', ...reference });
    return [found.name, part.name];
  };
  const two = [config('main', true, 'test', 'train'), config('extra', false, 'test')];

  it('the default configuration and its training split, else the first', () => {
    expect(chosen(two, {})).toEqual(['main', 'train']);
    expect(chosen(two, { config: 'extra' })).toEqual(['extra', 'test']);
    expect(chosen(two, { split: 'test' })).toEqual(['main', 'test']);
    expect(chosen([config('only', false, 'full')], {})).toEqual(['only', 'full']);
  });

  it('a configuration, if no split has that name', () => {
    expect(chosen(two, { split: 'extra' })).toEqual(['extra', 'test']);
  });

  it.each([
    ['dataset_split_unknown', two, { split: 'dev' }],
    ['dataset_config_unknown', two, { config: 'dev', split: 'train' }],
    ['dataset_config_missing', [config('a', false, 'train'), config('b', false, 'train')], {}],
  ])('nothing, and says what there is: %s', (code, configs, reference) => {
    expect(() => chosen(configs, reference)).toThrow(expect.objectContaining({ code }));
  });
});
