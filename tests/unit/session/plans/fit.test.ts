import { describe, expect, test } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { adviceMessage, type Advice } from '../../../../src/core/advice';
import { inEnglish } from '../../../../src/core/messages/english';
import { CATALOGUES } from '../../../../src/core/messages/languages';
import { sentence } from '../../../../src/core/messages/message';
import { DEFAULTS, parseSettings, type TrainSettings } from '../../../../src/core/settings/settings';
import { adviseFit, needOf, suggestedMemory, type Need } from '../../../../src/session/plans/fit';

const MB = 1e6;
const limits = {
  maxBufferSize: 500 * MB,
  maxStorageBufferBindingSize: 500 * MB,
  maxComputeWorkgroupsPerDimension: 65535,
};
const settings: TrainSettings = {
  ...DEFAULTS,
  per_device_train_batch_size: 8,
  gradient_accumulation_steps: 1,
  max_seq_length: 1024,
  gradient_checkpointing: true,
};

/** A make-believe model: `base` megabytes, and so many for a thousand rows; a piece of a hundredth of it for each row. */
function measureOf(base: number, perThousandRows: number, largestPiece = Infinity) {
  return (chosen: TrainSettings): Need =>
    needOf(() => {
      const rows = chosen.per_device_train_batch_size * chosen.max_seq_length;
      const activations = (rows / 1024) * perThousandRows * (chosen.gradient_checkpointing ? 1 : 8);
      if (rows > largestPiece)
        throw new TunesmithError({
          code: 'tensor_exceeds_binding',
          values: { tokens: rows, bytes: 2, most: 1 },
        });
      const quarter = chosen.load_in_4bit ? 1 : 4;
      return { base: base * quarter * MB, gradients: chosen.r * MB, activations: activations * MB };
    }, limits);
}

const adviceText = (advice: Advice): string => inEnglish(adviceMessage(advice));

/** The advice in words. */
const advised = (...given: Parameters<typeof adviseFit>): string[] => adviseFit(...given).map(adviceText);

describe('needOf', () => {
  test('is yes up to the memory that the largest buffer suggests, tight beyond', () => {
    const total = suggestedMemory(limits);
    expect(needOf(() => ({ base: total }), limits)).toMatchObject({ level: 'yes', memoryTotal: total });
    const tight = needOf(() => ({ base: total, inputs: 1 }), limits);
    expect(tight.level).toBe('tight');
    expect(tight.reason && adviceText(tight.reason)).toContain('1.0 GB');
  });

  test('is no where a piece is refused, or the adapter takes more than a buffer', () => {
    expect(measureOf(1, 1, 100)(settings)).toMatchObject({
      level: 'no',
      reason: { kind: 'refused', error: { code: 'tensor_exceeds_binding', values: { tokens: 8192 } } },
    });
    const { reason } = needOf(() => ({ adapter: 501 * MB, gradients: 501 * MB }), limits);
    expect(reason && adviceText(reason)).toContain('501 MB in one buffer');
  });

  test('is not no if only all buffers of the adapter together are larger than a buffer', () => {
    // PiSSA keeps its start in a buffer of its own.
    expect(needOf(() => ({ adapter: 600 * MB, gradients: 300 * MB }), limits).level).toBe('yes');
  });

  test('throws what is no refusal', () => {
    const broken = (): never => {
      throw new TypeError('broken');
    };
    expect(() => needOf(broken, limits)).toThrow('broken');
  });
});

describe('adviseFit', () => {
  test('says nothing where it fits', () => {
    expect(adviseFit(settings, measureOf(100, 10))).toEqual([]);
  });

  test('finds the nearest value of each setting that is enough alone', () => {
    // 400 + 16 + 8 · 100 MB against 1,000: 5 examples, or 704 tokens (5.5 thousand rows), fit.
    expect(advised(settings, measureOf(400, 100))).toEqual([
      'per_device_train_batch_size = 5, gradient_accumulation_steps = 2 (so that a step has as many examples as before): 916 MB in all.',
      'max_seq_length = 704: 966 MB in all.',
    ]);
  });

  test('says so in Chinese', () => {
    const [first] = adviseFit(settings, measureOf(400, 100));
    expect(first && sentence(CATALOGUES.zh, adviceMessage(first))).toBe(
      'per_device_train_batch_size = 5，gradient_accumulation_steps = 2（使每一步的样本数与之前相同）。总共需要 916 MB。',
    );
  });

  test('names gradient_checkpointing and load_in_4bit where they help', () => {
    const without = { ...settings, gradient_checkpointing: false };
    expect(advised(without, measureOf(300, 50))[0]).toBe('gradient_checkpointing = true: 716 MB in all.');
    const dense = { ...settings, load_in_4bit: false };
    expect(advised(dense, measureOf(300, 10))).toEqual(['load_in_4bit = true: 396 MB in all.']);
  });

  test('names r where the adapter is what is too large', () => {
    const wide = { ...settings, r: 600 };
    expect(advised(wide, measureOf(100, 10))).toContain(
      `r = 128, lora_alpha = ${(128 * 32) / 600} (so that the adapter acts as strongly as before): 308 MB in all.`,
    );
  });

  test('puts settings together where none is enough alone, and keeps as much length as fits', () => {
    const dense = { ...settings, gradient_checkpointing: false, load_in_4bit: false };
    expect(advised(dense, measureOf(600, 500))).toEqual([
      'No single setting is enough. Together, gradient_checkpointing = true, load_in_4bit = true, ' +
        'per_device_train_batch_size = 1, max_seq_length = 768, gradient_accumulation_steps = 8 ' +
        '(so that a step has as many examples as before): 991 MB in all.',
    ]);
  });

  test('takes a tight fit where there is no better, and says so by the number', () => {
    expect(advised(settings, measureOf(1200, 10, 4096))).toEqual([
      'per_device_train_batch_size = 4, gradient_accumulation_steps = 2 (so that a step has as many examples as before): 1.3 GB in all.',
      'max_seq_length = 512: 1.3 GB in all.',
    ]);
  });

  test('says that nothing helps where nothing does', () => {
    const [only, ...others] = advised(settings, measureOf(5000, 10));
    expect(others).toEqual([]);
    expect(only).toMatch(/^No settings make this model fit; choose a smaller one\. Still 5\.1 GB in all\.$/);
  });

  test('keeps the adapter as strong as it was, with rsLoRA too', () => {
    const strength = ({ r, lora_alpha, use_rslora }: TrainSettings): number =>
      lora_alpha / (use_rslora ? Math.sqrt(r) : r);
    for (const use_rslora of [false, true]) {
      const wide = { ...settings, r: 600, use_rslora };
      const advice = adviseFit(wide, measureOf(100, 10)).find(({ kind }) => kind === 'change');
      if (advice?.kind !== 'change') throw new Error('nothing is advised');
      expect(advice.changes.r).toBe(128);
      expect(strength({ ...wide, ...advice.changes })).toBeCloseTo(strength(wide), 12);
    }
  });

  test('makes a run fit by any of its changes, which are legal settings', () => {
    const measure = measureOf(400, 100);
    const advice = adviseFit(settings, measure);
    expect(advice.length).toBeGreaterThan(1);
    for (const each of advice) {
      if (each.kind !== 'change') throw new Error('no change');
      const changed = parseSettings({ ...settings, ...each.changes });
      expect(measure(changed)).toMatchObject({ level: 'yes', memoryTotal: each.memoryTotal });
    }
  });
});
