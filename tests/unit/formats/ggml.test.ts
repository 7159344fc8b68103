import { describe, expect, test } from 'vitest';
import { bytesOf, sha256Hex } from '../../../src/core/bytes';
import { dequantizeGgml } from '../../../src/formats/ggml/rows';
import { ggmlFormat, ggmlPacked } from '../../../src/formats/ggml/types';
import fixtures from './fixtures/packed.json';

describe.each(ggmlPacked)('blocks of %s', (type) => {
  const { bytes, values } = fixtures.blocks[type];
  const content = new Uint8Array(Buffer.from(bytes, 'base64'));

  test('have the values that gguf dequantises, to the bit', async () => {
    expect(await sha256Hex(bytesOf(dequantizeGgml(type, content)))).toBe(values);
  });

  test('are read at any place in memory', () => {
    const moved = new Uint8Array(content.length + 3);
    moved.set(content, 3);
    expect(dequantizeGgml(type, moved.subarray(3))).toEqual(dequantizeGgml(type, content));
  });

  test('are whole', () => {
    const { bytes: size, elements } = ggmlFormat(type);
    expect(dequantizeGgml(type, content)).toHaveLength((content.length / size) * elements);
    expect(() => dequantizeGgml(type, content.subarray(1))).toThrow('no whole blocks');
  });
});
