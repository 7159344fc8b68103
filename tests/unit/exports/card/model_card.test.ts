import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { modelCard, type CardSource } from '../../../../src/exports/card/model_card';
import type { TrainEvent } from '../../../../src/train/events';

const history: TrainEvent[] = Array.from({ length: 100 }, (_, i) => ({
  event: 'step',
  step: i + 1,
  steps: 100,
  epoch: 1,
  loss: 4 - i / 50,
  learning_rate: 1e-4,
  grad_norm: 1,
  target_tokens: 10,
  tokens_per_second: 100,
  eta_seconds: 0,
}));
history.splice(50, 0, { event: 'eval', step: 50, eval_loss: 2.5, perplexity: 12.182 });

const source: CardSource = {
  base: {
    ...{ name: 'some/base', isRepo: true, revision: null },
    ...{ quantisation: 'nf4_double', withImages: false, hasTemplate: true },
  },
  uses: [{ program: 'PEFT', code: 'from peft import PeftModel' }],
  adapter: { kind: 'LoRA', r: 8, lora_alpha: 16, target_modules: ['q_proj', 'v_proj'], parameters: 12_345 },
  run: {
    settings: { ...DEFAULTS, learning_rate: 5e-5 },
    data: {
      files: ['rows.jsonl'],
      examples: 90,
      tokens: 12_000,
      targetTokens: 4000,
      heldOut: 10,
      heldOutTokens: 1300,
    },
    history,
    step: 100,
  },
};

describe('the model card', () => {
  const card = modelCard(source, 'en');

  it('begins with the front matter that the Hub reads', () => {
    const [, front] = card.split('---\n');
    expect(front).toContain('base_model: "some/base"\n');
    expect(front).toContain('library_name: peft\n');
    expect(front).toContain('tags:\n- lora\n');
  });

  it('lists every setting', () => {
    for (const name of Object.keys(DEFAULTS)) expect(card).toContain(`| ${name} | `);
    expect(card).toContain('| learning_rate | 5e-5 |');
    expect(card).toContain('| rank_pattern | {} |');
  });

  it('writes patterns of names so that they stay within their cell', () => {
    const patterns = { rank_pattern: { q_proj: 4 }, alpha_pattern: { '^.*(q|k)_proj$': 8 } };
    const run = { ...source.run!, settings: { ...DEFAULTS, ...patterns } };
    const rows = modelCard({ ...source, run }, 'en').split('\n');
    expect(rows).toContain('| rank_pattern | q_proj=4 |');
    expect(rows).toContain(String.raw`| alpha_pattern | ^.\*(q\|k)\_proj$=8 |`);
  });

  it('tells what it was trained on', () => {
    expect(card).toContain('| rows.jsonl | 90 | 12,000 | 4,000 | 10 | 1,300 |');
    expect(card).toContain('12,345 parameters on q_proj, v_proj');
  });

  it('names the data sets of the Hub that its rows come from, each once', () => {
    const files = ['a--b@0123456.train[:9].jsonl', 'a--b@0123456.test.jsonl', 'rows.jsonl'];
    const run = { ...source.run!, data: { ...source.run!.data, files } };
    const [, front] = modelCard({ ...source, run }, 'en').split('---\n');
    expect(front).toContain('\ndatasets:\n- a/b\nlibrary_name');
    expect(card).not.toContain('datasets:');
  });

  it('tells if the adapter is not that of the last step', () => {
    expect(card).not.toContain('load_best_model_at_end)');
    const best = modelCard({ ...source, run: { ...source.run!, step: 50 } }, 'en');
    expect(best).toContain('The adapter is that of step 50, after which the evaluation loss was lowest');
  });

  it('tells how the examples were cleaned', () => {
    const cleaning = [{ step: 'duplicates' as const, changed: 0, dropped: 1234 }];
    const data = { ...source.run!.data, cleaning };
    const rows = modelCard({ ...source, run: { ...source.run!, data } }, 'en').split('\n');
    expect(rows).toContain('| duplicates | 0 | 1,234 |');
    expect(card).not.toContain('cleaned');
  });

  it('tells which rows no person wrote', () => {
    const data = { ...source.run!.data, origins: [{ origin: 'qwen_3', rows: 1234 }] };
    const rows = modelCard({ ...source, run: { ...source.run!, data } }, 'en').split('\n');
    expect(rows).toContain(String.raw`| qwen\_3 | 1,234 |`);
    expect(card).not.toContain('accepted by a person');
  });

  it('draws the loss, in few rows however many steps there were', () => {
    const rows = card.split('\n').filter((line) => /^\| \d+ \| \d\.\d{4} \|/.test(line));
    expect(rows).toHaveLength(12);
    expect(rows[0]).toBe('| 8 | 3.9300 |  |  |');
    expect(rows.at(-1)).toBe('| 100 | 2.0900 |  |  |');
    expect(rows.filter((row) => row.includes('| 2.5000 | 12.18 |'))).toHaveLength(1);
    expect(card).toMatch(/`█[▁▂▃▄▅▆▇█]{46}▁`/);
  });

  it('shows how to use it, and says that its base was quantised', () => {
    expect(card).toContain(
      '## Use with PEFT\n\n```python\nfrom peft import PeftModel\n```\n\nThe adapter was trained on the quantised base',
    );
    const base = { ...source.base, quantisation: 'none' as const };
    expect(modelCard({ ...source, base }, 'en')).not.toContain('quantised');
    const merged = { dtype: 'float16', withImages: false };
    expect(modelCard({ ...source, merged }, 'en')).toContain('the dequantised ones plus the adapter');
    expect(modelCard({ ...source, merged: { ...merged, isOriginal: true } }, 'en')).toContain(
      'the base’s original ones plus the adapter',
    );
  });

  it('names no base that the Hub can’t find', () => {
    const base = { ...source.base, name: './models/base', isRepo: false };
    const [, front] = modelCard({ ...source, base }, 'en').split('---\n');
    expect(front).not.toContain('base_model');
  });

  it('tells that PiSSA is saved as LoRA of twice the rank', () => {
    const settings = { ...DEFAULTS, r: 8, init_lora_weights: 'pissa_niter_4' as const };
    const card = modelCard({ ...source, run: { ...source.run!, settings } }, 'en');
    expect(card).toContain(
      'trained as PiSSA of rank 8 (init_lora_weights pissa_niter_4) and is saved as plain LoRA',
    );
    expect(modelCard(source, 'en')).not.toContain('PiSSA');
  });

  it('leaves out what is not known of an imported adapter', () => {
    const imported = modelCard({ ...source, run: undefined }, 'en');
    expect(imported).not.toContain('## Settings');
    expect(imported).not.toContain('## Loss');
    expect(imported).toContain('## Use with PEFT');
  });

  it('is written in Chinese as well, with the same names and numbers', () => {
    const chinese = modelCard(source, 'zh');
    expect(chinese).toContain('# some/base 的 LoRA 适配器\n');
    expect(chinese).toContain('| rows.jsonl | 90 | 12,000 | 4,000 | 10 | 1,300 |');
    expect(chinese).toContain('## 在 PEFT 中使用\n');
    const code = (text: string) => /```python\n(.*?)```/s.exec(text)?.[1];
    expect(code(chinese)).toBe(code(card));
  });

  it('lets no name break out of its place', () => {
    const hostile = modelCard(
      { ...source, base: { ...source.base, name: 'a"\nlicense: mit\n# <img src=x>|' } },
      'en',
    );
    expect(hostile).toContain('base_model: "a\\"\\nlicense: mit\\n# <img src=x>|"\n');
    expect(hostile).toContain('# LoRA adapter for a" license: mit \\# \\<img src=x\\>\\|\n');
  });
});
