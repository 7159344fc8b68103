import { describe, expect, it } from 'vitest';
import { requireFine, unexplainedShare } from '../../../../src/exports/onnx/check';

const logits = Float32Array.from({ length: 4000 }, (_, i) => 3 * Math.sin(i * 12.9898) + 1);
const others = Float32Array.from({ length: 4000 }, (_, i) => 3 * Math.sin(i * 78.233 + 1) + 1);

describe('the share of the variance that logits leave unexplained', () => {
  it('is 0 for the same ones, and small for those with small errors', () => {
    expect(unexplainedShare(logits, logits)).toBe(0);
    const near = logits.map((value, i) => value + 0.3 * Math.cos(i));
    expect(unexplainedShare(logits, near)).toBeCloseTo(0.01, 3);
  });

  it('is about 2 for unrelated ones, 1 for their mean, and not a number for missing ones', () => {
    expect(unexplainedShare(logits, others)).toBeCloseTo(2, 1);
    expect(unexplainedShare(logits, new Float32Array(4000).fill(1))).toBeCloseTo(1, 2);
    expect(unexplainedShare(logits, others.subarray(1))).toBeNaN();
  });
});

describe('logits of products that round activations', () => {
  it('are refused if they leave more than half of the variance unexplained', () => {
    // The variance of 3 · sin is 4.5.
    const apart = (share: number) => logits.map((value, i) => value + Math.sqrt(9 * share) * Math.cos(i));
    requireFine(logits, apart(0.4));
    expect(() => requireFine(logits, apart(0.58))).toThrow(
      expect.objectContaining({ code: 'export_onnx_coarse' }),
    );
  });

  it('are wrong if one is not a number', () => {
    expect(() => requireFine(logits, logits.with(7, NaN))).toThrow(
      expect.objectContaining({ code: 'export_differs' }),
    );
  });
});
