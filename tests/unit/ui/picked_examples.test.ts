import { expect, it } from 'vitest';
import { pickedExamples } from '../../../src/ui/examples/files/picked_examples';

const found = (path: string) => ({ path, file: new File([path], path.split('/').at(-1) ?? '') });

it('of folders, files of examples are taken, from all depths; namesakes are named by their paths', () => {
  const all = ['a/train.jsonl', 'a/b/train.jsonl', 'a/more.csv.gz', 'a/README.md', 'a/picture.png'].map(
    found,
  );
  expect(pickedExamples({ name: 'a', all }).map(({ name }) => name)).toEqual([
    'a/train.jsonl',
    'a/b/train.jsonl',
    'more.csv.gz',
  ]);
  // A file that a person chooses by itself is read, whatever its name.
  expect(pickedExamples({ name: 'odd', all: [found('odd')] }).map(({ name }) => name)).toEqual(['odd']);
  const none = { name: 'pictures', all: [found('pictures/picture.png')] };
  expect(() => pickedExamples(none)).toThrow('“pictures” contains no files of examples.');
});
