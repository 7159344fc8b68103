import { describe, expect, test } from 'vitest';
import { ggmlTypesOf, ggufFileTypes, type GgufFileType } from '../../../src/formats/ggml_mixes';
import { ggmlBlock } from '../../../src/formats/ggml_types';
import fixtures from './fixtures/ggml_mixes.json';

const fileTypes = Object.keys(ggufFileTypes) as GgufFileType[];

describe.each(Object.entries(fixtures))('a model with %s', (_, { tensors: rows, types }) => {
  const tensors = rows.map(([name, ...shape]) => ({ name: String(name), shape: shape.map(Number) }));

  test.each(fileTypes)('has the types that llama.cpp chooses for %s', (fileType) => {
    const chosen = ggmlTypesOf(fileType, tensors);
    const names = tensors.map(({ name }, index) => `${name} ${chosen[index]}`);
    const expected = types[fileType].split(' ').map((type, index) => `${tensors[index]?.name} ${type}`);
    expect(names).toEqual(expected);
  });

  test.each(fileTypes)('has rows of whole blocks in %s', (fileType) => {
    const chosen = ggmlTypesOf(fileType, tensors);
    tensors.forEach(({ shape }, index) => {
      expect((shape.at(-1) ?? 0) % ggmlBlock(chosen[index] ?? 'F32').elements).toBe(0);
    });
  });
});

test('The order of the tensors does not matter', () => {
  const { tensors: rows } = fixtures['16 layers'];
  const tensors = rows.map(([name, ...shape]) => ({ name: String(name), shape: shape.map(Number) }));
  const forwards = ggmlTypesOf('Q4_K_M', tensors);
  expect(ggmlTypesOf('Q4_K_M', tensors.toReversed()).toReversed()).toEqual(forwards);
});
