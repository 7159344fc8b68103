import { describe, expect, it } from 'vitest';
import { encodeRun, RUN_BYTES, runSource } from '../../../src/gpu/run';
import { shaderSource } from '../../../src/gpu/shaders';

describe('the uniform of a run', () => {
  const members = [...runSource().matchAll(/^ {2}(\w+): (u32|f32),/gm)].map(([, name, type]) => ({
    name,
    type,
  }));
  const at = (name: string): number => 4 * members.findIndex((member) => member.name === name);

  it('has each value where the kernels read it, in their type', () => {
    expect(RUN_BYTES % 16).toBe(0);
    expect(RUN_BYTES).toBeGreaterThanOrEqual(4 * members.length);
    const bytes = new DataView(
      encodeRun({ rows: 7, accumulate: true, lossScale: 0.5, oneMinusBeta2: 0.001 }),
    );
    expect(bytes.byteLength).toBe(RUN_BYTES);
    expect(bytes.getUint32(at('rows'), true)).toBe(7);
    expect(bytes.getUint32(at('accumulate'), true)).toBe(1);
    expect(bytes.getFloat32(at('loss_scale'), true)).toBe(0.5);
    expect(bytes.getFloat32(at('one_minus_beta2'), true)).toBe(Math.fround(0.001));
    expect(bytes.getFloat32(at('max_grad_norm'), true)).toBe(0);
  });

  it('is declared once in every kernel that includes it', () => {
    const source = shaderSource('adamw');
    expect(source.match(/struct Run/g)).toHaveLength(1);
    expect(source).toContain('@group(0) @binding(0) var<uniform> run: Run;');
  });
});
