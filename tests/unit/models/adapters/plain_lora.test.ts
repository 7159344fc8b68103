import { describe, expect, test } from 'vitest';
import { normal } from '../../../../src/core/random';
import { elementCount } from '../../../../src/core/shape';
import {
  adapterLayout,
  partValues,
  readParameter,
  writeParameter,
} from '../../../../src/models/adapters/layout';
import { plainLora } from '../../../../src/models/adapters/plain_lora';
import type { AdapterSettings } from '../../../../src/models/adapters/settings';
import { plainAdapter } from '../../../../src/models/adapters/start';
import { tinySpec } from '../../session/tiny';

const settings: AdapterSettings = {
  r: 3,
  lora_alpha: 7,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: ['q_proj', 'down_proj'],
};

/** An adapter whose parts, frozen ones too, all have random values. */
function trained(more: Partial<AdapterSettings>) {
  const layout = adapterLayout(tinySpec, { ...settings, ...more });
  const state = { parameters: new Float32Array(layout.size), frozen: new Float32Array(layout.frozenSize) };
  let stream = 0;
  for (const { tensors, frozen } of layout.modules) {
    for (const [flat, parts] of [
      [state.parameters, tensors],
      [state.frozen, frozen],
    ] as const) {
      for (const tensor of parts) {
        stream++;
        const count = elementCount(tensor.shape);
        writeParameter(
          flat,
          tensor,
          Float32Array.from({ length: count }, (_, i) => normal(1, stream, i)),
        );
      }
    }
  }
  return { layout, state };
}

describe('an adapter as plain LoRA', () => {
  test.each([
    ['LoRA', {}],
    ['rsLoRA', { use_rslora: true }],
    ['ranks and alphas of single modules', { rank_pattern: { q_proj: 5 }, alpha_pattern: { down_proj: 3 } }],
    ['both', { use_rslora: true, rank_pattern: { 'layers.1.*q_proj': 2 }, alpha_pattern: { q_proj: 9 } }],
    ['PiSSA', { init_lora_weights: 'pissa' as const }],
    ['PiSSA with patterns', { init_lora_weights: 'pissa' as const, rank_pattern: { q_proj: 2 } }],
  ])('changes the weights as the adapter does: %s', (_, more) => {
    const { layout, state } = trained(more);
    const modules = plainLora(plainAdapter(tinySpec, layout, state), 'GGUF LoRA');
    expect(modules.map(({ path }) => path)).toEqual(layout.modules.map(({ path }) => path));
    layout.modules.forEach((module, index) => {
      const { out, in: input } = module;
      const parts = partValues(module, state);
      const rows = new Float32Array(out * input);
      layout.kind.merge({ ...module, parts }, layout.settings)(rows, 0);
      const { A, B } = modules[index]!.read();
      const { rank } = modules[index]!;
      expect([A.length, B.length]).toEqual([rank * input, out * rank]);
      for (let row = 0; row < out; row += 7) {
        for (let k = 0; k < input; k += 5) {
          const terms = Array.from({ length: rank }, (_, j) => B[row * rank + j]! * A[j * input + k]!);
          const sum = terms.reduce((a, b) => a + b);
          // Values of B and, for PiSSA, of its start are rounded to float32 up to twice, and each of two merges once.
          const allowed = terms.reduce((a, b) => a + Math.abs(b), 0) * 4 * 2 ** -24;
          expect(Math.abs(sum - rows[row * input + k]!)).toBeLessThanOrEqual(allowed);
        }
      }
    });
  });

  test('keeps every digit if the scale is a power of two', () => {
    const { layout, state } = trained({ lora_alpha: 6 });
    const [module] = plainLora({ layout, ...state }, 'GGUF LoRA');
    const B = readParameter(state.parameters, layout.modules[0]!.tensors[1]!);
    expect(module!.read().B).toEqual(B.map((value) => 2 * value));
  });

  test('DoRA is refused in one sentence', () => {
    const { layout, state } = trained({ use_dora: true });
    expect(() => plainLora({ layout, ...state }, 'GGUF LoRA')).toThrow(
      'GGUF LoRA can’t hold DoRA: it holds only plain LoRA.',
    );
  });
});
