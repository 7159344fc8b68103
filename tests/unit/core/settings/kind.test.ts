import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../../src/core/messages/english';
import { message } from '../../../../src/core/messages/message';
import { numbersByPattern, texts, wholes } from '../../../../src/core/settings/collection_kinds';
import {
  choice,
  number,
  optional,
  whole,
  type Kind,
  type TextPattern,
} from '../../../../src/core/settings/kind';
import {
  DATA_SETTINGS,
  dataKey,
  DEFAULTS,
  keyOf,
  loadKey,
  memoryKey,
  type TrainSettings,
} from '../../../../src/core/settings/settings';

const pissa: TextPattern<`pissa_niter_${number}`> = {
  matches: (text): text is `pissa_niter_${number}` => /^pissa_niter_[1-9]\d*$/.test(text),
  shown: 'pissa_niter_N',
  example: 'pissa_niter_16',
};

/** The value of a text, or 'refused'. */
function fromText<Value>(kind: Kind<Value>, text: string): unknown {
  const read = kind.read(kind.fromText(text));
  return read ? read.value : 'refused';
}

describe('kinds of settings', () => {
  it.each([
    [number({ above: 0, most: 1 }), 'a number above 0 and at most 1'],
    [number({ from: 0, below: 1 }), 'a number of at least 0 and below 1'],
    [number({ above: 0 }), 'a number above 0'],
    [number({}), 'a number'],
    [number({ from: 0, most: 9, wholeFrom: 1 }), 'a number from 0 to 9, a whole one from 1 on'],
    [
      whole(1, 9, { value: -1, meaning: message('setting_all_layers') }),
      'a whole number from 1 to 9, or -1 for all layers',
    ],
    [optional(whole(1, 9), message('setting_no_noise')), 'a whole number from 1 to 9, or none for no noise'],
  ])('tell their range: %#', (kind, range) => {
    expect(inEnglish(kind.range)).toBe(range);
  });

  it('take fractions below a number and whole numbers from there on', () => {
    const kind = number({ from: 0, most: 100, wholeFrom: 1 });
    expect(['0', '0.1', '0.999', '1', '100'].map((text) => fromText(kind, text))).toEqual([
      0, 0.1, 0.999, 1, 100,
    ]);
    expect(['1.5', '-0.1', '101', '1e400'].map((text) => fromText(kind, text))).toEqual(
      Array(4).fill('refused'),
    );
    expect(kind.read(-0)).toEqual({ value: 0 });
  });

  it('may be off', () => {
    const kind = optional(number({ above: 0 }), message('setting_no_noise'));
    for (const text of ['none', 'None', 'null', '', ' off ']) expect(fromText(kind, text)).toBeNull();
    expect(fromText(kind, '5')).toBe(5);
    expect(fromText(kind, '0')).toBe('refused');
    expect(kind.toText(null)).toBe('none');
    expect(kind.read(undefined)).toBeUndefined();
  });

  it('take texts as lines or as JSON, a word for those found elsewhere, and none', () => {
    const kind = texts('examples', { most: 2, longest: 9 });
    expect(fromText(kind, ' examples ')).toBe('examples');
    for (const none of ['none', 'None', '', '[]']) expect(fromText(kind, none)).toEqual([]);
    expect(fromText(kind, 'Who?')).toEqual(['Who?']);
    expect(fromText(kind, 'Who?\n\n Why? \n')).toEqual(['Who?', 'Why?']);
    expect(fromText(kind, '["a\\nb"]')).toEqual(['a\nb']);
    for (const wrong of ['[1]', '["a', 'a\nb\nc', '0123456789', 'a\na', '[" "]'])
      expect(fromText(kind, wrong)).toBe('refused');
    for (const value of ['examples', [], ['examples'], ['none'], ['[', 'a\nb']] as const)
      expect(fromText(kind, kind.toText(value))).toEqual(value);
  });

  it('choose by other names and by patterns too, and know true from a text', () => {
    const optim = choice(['adamw_torch', 'adamw_8bit'], { aliases: { paged_adamw_8bit: 'adamw_8bit' } });
    expect(fromText(optim, 'paged_adamw_8bit')).toBe('adamw_8bit');
    expect(fromText(optim, 'toString')).toBe('refused');
    const init = choice(['true', 'pissa'], { pattern: pissa });
    expect(
      ['true', 'pissa', 'pissa_niter_16', 'pissa_niter_0', 'false'].map((text) => fromText(init, text)),
    ).toEqual([true, 'pissa', 'pissa_niter_16', 'refused', 'refused']);
    expect(init.read(true)).toEqual({ value: true });
    expect(init.toText(true)).toBe('true');
    expect(inEnglish(init.range)).toBe('one of true, pissa, pissa_niter_N');
  });

  it('list whole numbers', () => {
    const layers = wholes(0, 31);
    expect(fromText(layers, '0, 5,31')).toEqual([0, 5, 31]);
    expect(layers.read(7)).toEqual({ value: [7] });
    for (const text of ['0,0', '32', '1.5', '', '1,', 'a']) expect(fromText(layers, text)).toBe('refused');
    expect(layers.read([])).toBeUndefined();
  });

  it('map patterns to numbers, whatever their names hold', () => {
    const ranks = numbersByPattern(whole(1, 64));
    const values: Record<string, number>[] = [
      {},
      { q_proj: 8 },
      { 'a.b': 1, c: 2 },
      { '^x{1,2}=$': 3 },
      { ['__proto__']: 4 },
    ];
    for (const value of values) expect(fromText(ranks, ranks.toText(value))).toEqual(value);
    expect(fromText(ranks, '')).toEqual({});
    expect(fromText(ranks, 'q_proj=8, v_proj=4')).toEqual({ q_proj: 8, v_proj: 4 });
    for (const text of ['q_proj', 'q_proj=0', 'q_proj=8,q_proj=4', '=8', '{"a":"8"}', '{', '[1]']) {
      expect(fromText(ranks, text)).toBe('refused');
    }
  });
});

describe('keys of caches', () => {
  it('differ exactly where what they stand for does', () => {
    const changed = { ...DEFAULTS, learning_rate: 1e-3 };
    expect([dataKey(changed), memoryKey(changed)]).toEqual([dataKey(DEFAULTS), memoryKey(DEFAULTS)]);
    expect(dataKey({ ...DEFAULTS, seed: 1 })).not.toBe(dataKey(DEFAULTS));
    expect(memoryKey({ ...DEFAULTS, target_modules: ['q_proj'] })).not.toBe(memoryKey(DEFAULTS));
    expect(memoryKey({ ...DEFAULTS, dtype: 'float16' })).not.toBe(memoryKey(DEFAULTS));
    expect(keyOf(['r', 'seed'], { r: 8, seed: 1 })).not.toBe(keyOf(['r', 'seed'], { r: 8, seed: 2 }));
  });

  it('stay what they were for the examples of runs of earlier versions, whatever settings were added since', () => {
    // Checkpoints hold a hash of these texts.
    expect(dataKey(DEFAULTS)).toBe('[1024,"sft","responses","model",0.1,42]');
    expect(dataKey({ ...DEFAULTS, placeholders: { name: 'Ada' }, seed: 1 })).toBe(
      '[1024,"sft","responses","model",0.1,1]{"placeholders":{"name":"Ada"}}',
    );
    const all = { ...DEFAULTS, packing: true, mix_strategy: 'interleave_over' as const };
    for (const name of DATA_SETTINGS) {
      const value = { ...all, [name]: 'another' } as unknown as TrainSettings;
      expect(dataKey(value), name).not.toBe(dataKey(all));
    }
  });

  it('leave out what means nothing without a flag', () => {
    const dense = { load_in_4bit: false, bnb_4bit_use_double_quant: true, dtype: 'auto' } as const;
    expect(loadKey(dense)).toBe(loadKey({ ...dense, bnb_4bit_use_double_quant: false }));
    const packed = { ...dense, load_in_4bit: true };
    expect(loadKey(packed)).not.toBe(loadKey({ ...packed, bnb_4bit_use_double_quant: false }));
  });
});
