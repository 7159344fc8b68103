import { expect, test } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import { bf16ToF32, f32ToBf16, f32ToF16 } from '../../../src/core/dtype';
import { castElements } from '../../../src/models/cast';

const bytes = (array: Float32Array | Uint16Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytesOf(array));

/** Every finite bfloat16 that a half can come near. */
const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
  (_, i) => Math.abs(bf16ToF32(Uint16Array.of(i))[0]!) < 65504,
);

test('every bfloat16 becomes the nearest half, and the f32 that it is', () => {
  const floats = bf16ToF32(patterns);
  const halves = castElements('w', 'BF16', 'f16', bytes(patterns));
  expect(Buffer.compare(halves, bytes(f32ToF16(floats)))).toBe(0);
  expect(Buffer.compare(castElements('w', 'BF16', 'f32', bytes(patterns)), bytes(floats))).toBe(0);
});

test('what has the format already is given back as it is', () => {
  for (const [from, to] of [
    ['F32', 'f32'],
    ['F16', 'f16'],
    ['BF16', 'bf16'],
  ] as const) {
    const source = bytes(patterns);
    expect(castElements('w', from, to, source)).toBe(source);
  }
});

test('f32 to half and half to f32, from any offset', () => {
  const floats = Float32Array.of(0.1, -2.5, 65504, 1e-7);
  const shifted = new Uint8Array([0, ...bytes(floats)]).subarray(1);
  expect(castElements('w', 'F32', 'f16', shifted)).toEqual(bytes(f32ToF16(floats)));
  const halves = new Uint8Array([0, ...bytes(f32ToF16(floats))]).subarray(1);
  expect(castElements('w', 'F16', 'f32', halves)).toEqual(
    bytes(Float32Array.of(0.0999755859375, -2.5, 65504, 1.1920928955078125e-7)),
  );
});

test('infinities and NaN stay what they are', () => {
  const special = Float32Array.of(Infinity, -Infinity, NaN);
  for (const [from, source] of [
    ['F32', bytes(special)],
    ['BF16', bytes(f32ToBf16(special))],
  ] as const) {
    const halves = new Uint16Array(castElements('w', from, 'f16', source).slice().buffer);
    expect([...halves.subarray(0, 2)]).toEqual([0x7c00, 0xfc00]);
    expect((halves[2] ?? 0) & 0x7fff).toBeGreaterThan(0x7c00);
  }
});

test('a value that no half can hold is refused, naming the tensor', () => {
  const large = Float32Array.of(1, 70000);
  const refused = { code: 'dtype_range', message: expect.stringContaining('model.norm.weight') as string };
  for (const [from, source] of [
    ['F32', bytes(large)],
    ['BF16', bytes(f32ToBf16(large))],
  ] as const) {
    expect(() => castElements('model.norm.weight', from, 'f16', source)).toThrow(
      expect.objectContaining(refused) as Error,
    );
  }
});
