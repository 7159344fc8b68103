import { expect, test } from 'vitest';
import { shaderSource } from '../../../src/gpu/shaders';

test('each include comes once, and constants become declarations', () => {
  const code = shaderSource('matmul', { WEIGHT_F32: true, WEIGHT_BINDING: 2, DROPOUT: true, X: 0.5 });
  expect(code.match(/struct Run/g)).toHaveLength(1);
  expect(code).toContain('const WEIGHT_BINDING: u32 = 2u;');
  expect(code).toContain('const X: f32 = 0.5;');
  expect(code).toContain('fn pcg4d');
  expect(code).not.toMatch(/^\s*#/m);
});

test('conditions keep one branch', () => {
  const plain = shaderSource('matmul', { WEIGHT_F32: true, WEIGHT_BINDING: 2 });
  expect(plain).toContain('array<vec4f>;');
  expect(plain).not.toContain('array<vec2u>');
  expect(plain).not.toContain('lora_B:');
  expect(
    shaderSource('matmul', { WEIGHT_BF16: true, WEIGHT_BINDING: 2, LORA: true, LORA_BINDING: 4 }),
  ).toContain('lora_B:');
});

test('an unknown shader is named', () => {
  expect(() => shaderSource('no_such_kernel')).toThrow('shaders/no_such_kernel.wgsl');
});

test('directives come before all declarations, wherever they stand', () => {
  const code = shaderSource('matmul_tiles', {
    HALF: true,
    WEIGHT_F32: true,
    WEIGHT_BINDING: 2,
    SLICE: 32,
    ROWS4: 2,
    COLUMNS4: 2,
  });
  expect(code.startsWith('enable f16;\nconst HALF')).toBe(true);
  expect(code.match(/^enable/gm)).toHaveLength(1);
});

test('numbered lines come once a number, nested ones too', () => {
  const code = shaderSource('attention_quads', { ROWS4: 2, COLUMNS: 3, TURNS: 2 });
  for (const sum of ['o0_0', 'o0_2', 'o1_0', 'o1_2']) expect(code).toContain(`var ${sum} = mat4x4f();`);
  expect(code).not.toMatch(/\$|o2_|o\d_3|^#/m);
  expect(() => shaderSource('attention_quads', { ROWS4: 2 })).toThrow('COLUMNS is not a number');
});
