import { describe, expect, it } from 'vitest';
import {
  datasetFileName,
  datasetOfFile,
  datasetReferenceText,
  needsTotal,
  parseDatasetReference,
  parseSlice,
  requireDatasetReference,
  rowRange,
  sliceText,
} from '../../../src/core/dataset_reference';

describe('a slice', () => {
  // The ranges are those of datasets.ReadInstruction.from_spec(…).to_absolute({"train": total}).
  it.each([
    ['[:]', 10, [0, 10]],
    ['[:3]', 10, [0, 3]],
    ['[:1_000]', 10, [0, 10]],
    ['[4:6]', 10, [4, 6]],
    ['[-3:]', 10, [7, 10]],
    ['[:-3]', 10, [0, 7]],
    ['[-30:2]', 10, [0, 2]],
    ['[20:]', 10, [10, 10]],
    ['[6:4]', 10, [6, 6]],
    ['[10%:20%]', 10, [1, 2]],
    ['[:50%]', 5, [0, 2]],
    ['[:50%]', 7, [0, 4]],
    ['[-10%:]', 55, [49, 55]],
    ['[-50%:]', 5, [3, 5]],
  ])('%s of %d rows', (text, total, range) => {
    expect(rowRange(parseSlice(text)!, total)).toEqual(range);
  });

  it.each(['', '[]', '[1]', ':3', '[:101%]', '[1:10%]', '[a:]', '[1:2:3]'])('is not %j', (text) => {
    expect(parseSlice(text)).toBeUndefined();
  });

  it('says whether it needs the number of rows, and is a text again', () => {
    const texts = ['[:5]', '[2:5]', '[2:]', '[-2:]', '[:-2]', '[:5%]'];
    expect(texts.map((text) => needsTotal(parseSlice(text)!))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(texts.map((text) => sliceText(parseSlice(text)))).toEqual(texts);
    expect(sliceText(parseSlice('[:]'))).toBe('');
  });
});

describe('the name of a data set', () => {
  it.each([
    ['a/b', { repo: 'a/b' }],
    ['a/b@v1', { repo: 'a/b', revision: 'v1' }],
    ['a/b,en', { repo: 'a/b', split: 'en' }],
    ['a/b[:9]', { repo: 'a/b', slice: { unit: 'rows', end: 9 } }],
    [
      'a/b@v1, en, train[:9]',
      { repo: 'a/b', revision: 'v1', config: 'en', split: 'train', slice: { unit: 'rows', end: 9 } },
    ],
    ['https://huggingface.co/datasets/a/b', { repo: 'a/b', endpoint: 'https://huggingface.co' }],
    [
      'https://huggingface.co/datasets/a/b/viewer/en/test?row=3',
      { repo: 'a/b', endpoint: 'https://huggingface.co', config: 'en', split: 'test' },
    ],
    ['https://www.modelscope.cn/datasets/a/b/files', { repo: 'a/b', endpoint: 'https://www.modelscope.cn' }],
  ])('%s', (text, reference) => {
    expect(parseDatasetReference(text)).toEqual(reference);
  });

  it('is a text again', () => {
    const text = 'a/b@v1,en,train[10%:20%]';
    expect(datasetReferenceText(parseDatasetReference(text)!)).toBe(text);
  });

  it.each(['b', 'a/b,', 'a/b,c,d,e', 'a/b@', 'https://huggingface.co/a/b'])('is not %s', (text) => {
    expect(() => requireDatasetReference(text)).toThrow(
      expect.objectContaining({ code: 'dataset_reference' }),
    );
  });

  it('refuses brackets that are no slice', () => {
    expect(() => parseDatasetReference('a/b,train[3]')).toThrow(
      expect.objectContaining({ code: 'dataset_slice' }),
    );
  });
});

it('finds a data set in the name of a file with its rows, and in no other', () => {
  const rows = { repo: 'a.b/c-d', commit: '0123456789abcdef', config: 'x/y', split: 'train' };
  const name = datasetFileName({ ...rows, slice: { unit: 'rows', end: 1000 } });
  expect(name).toBe('a.b--c-d@0123456.x-y.train[:1000].jsonl');
  expect(datasetOfFile(name)).toEqual({ repo: 'a.b/c-d', commit: '0123456', split: 'x-y.train' });
  expect(datasetOfFile(datasetFileName({ ...rows, config: undefined, slice: undefined }))?.repo).toBe(
    'a.b/c-d',
  );
  expect(['my--notes@home.jsonl', 'train.jsonl', 'a--b@0123456.jsonl'].map(datasetOfFile)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('an address that is not well encoded names no data set', () => {
  expect(parseDatasetReference('https://huggingface.co/datasets/a/b%')).toBeUndefined();
});
