import { describe, expect, test } from 'vitest';
import { GGUF_FILE_TYPES } from '../../../../src/exports/gguf/file_types';
import { ggmlTypesOf } from '../../../../src/exports/gguf/mixes';
import { ggmlFormat } from '../../../../src/formats/ggml/types';
import fixtures from './fixtures/mixes.json';

describe.each(Object.entries(fixtures))('a model with %s', (_, { tensors: rows, types }) => {
  const tensors = rows.map(([name, ...shape]) => ({ name: String(name), shape: shape.map(Number) }));

  test.each(GGUF_FILE_TYPES)('has the types that llama.cpp chooses for $name', (fileType) => {
    const chosen = ggmlTypesOf(fileType, tensors);
    const names = tensors.map(({ name }, index) => `${name} ${chosen[index]}`);
    const expected = types[fileType.name].split(' ').map((type, index) => `${tensors[index]?.name} ${type}`);
    expect(names).toEqual(expected);
  });

  test.each(GGUF_FILE_TYPES)('has rows of whole blocks in $name', (fileType) => {
    const chosen = ggmlTypesOf(fileType, tensors);
    tensors.forEach(({ shape }, index) => {
      expect((shape.at(-1) ?? 0) % ggmlFormat(chosen[index] ?? 'F32').elements).toBe(0);
    });
  });
});

test('The order of the tensors does not matter', () => {
  const { tensors: rows } = fixtures['16 layers'];
  const tensors = rows.map(([name, ...shape]) => ({ name: String(name), shape: shape.map(Number) }));
  const q4KM = GGUF_FILE_TYPES.find(({ name }) => name === 'Q4_K_M')!;
  const forwards = ggmlTypesOf(q4KM, tensors);
  expect(ggmlTypesOf(q4KM, tensors.toReversed()).toReversed()).toEqual(forwards);
});
