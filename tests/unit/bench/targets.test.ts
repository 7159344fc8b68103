import { describe, expect, it } from 'vitest';
import { BLOCK, blockName } from '../../../bench/peers/shapes';
import { BY_PARTS, OWN_NAME, type Report, type Result } from '../../../bench/suite/results';
import { judge, type Judgement } from '../../../bench/suite/targets';

type Given = Partial<Result> & Pick<Result, 'group' | 'name' | 'median'>;

const report = (results: readonly Given[], given: Partial<Report> = {}): Report => ({
  runtime: 'Chromium 140',
  device: 'a device',
  kind: 'software',
  features: { f16: false, timestamps: true },
  date: '',
  version: '',
  results: results.map((result) => ({
    unit: 'FLOP/s' as const,
    min: result.median,
    max: result.median,
    samples: 1,
    ...result,
  })),
  omitted: [],
  ...given,
});

const about = (what: RegExp, from: Report): Judgement => {
  const found = judge(from).find((judgement) => what.test(judgement.what));
  if (!found) throw new Error(`no target is about ${String(what)}`);
  return found;
};

const product = (name: string, median: number, fraction: number, model = 'SmolLM2-135M'): Given => ({
  ...{ group: 'products', name, model, tokens: model === 'any' ? 512 : 256, median, fraction },
});

describe('targets', () => {
  it('hold where they hold for the least favourable figure', () => {
    const results = [product('q_proj f32', 5, 0.5), product('k_proj f32', 3.5, 0.35)];
    const figure = about(/models’ sizes/, report(results));
    expect(figure).toMatchObject({ value: 0.35, goal: 0.4, reached: false });
    expect(figure.remark).toBe('lowest of 2: SmolLM2-135M, 256 rows, k_proj f32');
    expect(about(/512³/, report([product('512³ f32', 5, 0.45, 'any')]))).toMatchObject({ reached: true });
  });

  it('ask more of a GPU', () => {
    const results = [product('512³ f32', 5, 0.45, 'any')];
    expect(about(/512³/, report(results, { kind: 'gpu' }))).toMatchObject({ goal: 0.6, reached: false });
    const token: Given = { group: 'decoding', name: 'a token', model: 'demo', median: 1, fraction: 0.1 };
    expect(about(/decoding/, report([token]))).toMatchObject({
      goal: undefined,
      value: 0.1,
      reached: undefined,
    });
  });

  it('compare packed products with the dense ones of the same shape and direction', () => {
    const results = [
      ...[product('q_proj f32', 10, 0.5), product('q_proj nf4', 9, 0.45)],
      ...[product('q_proj f32 transposed', 10, 0.5), product('q_proj nf4 transposed', 8, 0.4)],
    ];
    expect(about(/NF4/, report(results))).toMatchObject({ value: 0.8, reached: false });
  });

  it('compare with peers by the time of the same computation', () => {
    const block = (model: string, median: number): Given => ({
      ...{ group: 'peers', name: blockName(BLOCK), model, unit: 's', median },
    });
    const one = report([block(OWN_NAME, 2), block('jax-js', 7), block('TensorFlow.js', 15)]);
    expect(about(/forward \+ backward over jax-js/, one)).toMatchObject({ value: 3.5, reached: true });
    expect(about(/forward \+ backward over TensorFlow/, one)).toMatchObject({ value: 7.5, reached: false });
    expect(about(/product over jax-js/, one).value).toBeUndefined();
  });

  it('judge a step by the largest one', () => {
    const step = (tokens: number, ratio: number): Given[] => [
      { group: 'steps', name: 'step over products', model: 'demo', tokens, median: ratio },
      { group: 'steps', name: 'FLOP/s', model: 'demo', tokens, median: 1e9 },
      { group: 'steps', name: 'seconds', model: 'demo', tokens, median: tokens / 100 },
    ];
    expect(about(/whole step’s FLOP/, report([...step(128, 0.5), ...step(512, 0.8)]))).toMatchObject({
      value: 0.8,
      reached: true,
      remark: 'demo, 512 tokens',
    });
  });

  it('want less of memory, growth and the time to the first step', () => {
    const seconds = (tokens: number, median: number): Given => ({
      ...{ group: 'steps', name: BY_PARTS, model: 'Qwen2.5-0.5B', tokens, median, unit: 's' },
    });
    const planned = { group: 'memory', name: 'planned', model: 'Qwen2.5-0.5B', tokens: 1024 } as const;
    const opening = { group: 'opening', name: 'first step', model: 'demo', tokens: 256, unit: 's' } as const;
    const one = report([
      ...[seconds(1024, 2), seconds(4096, 11)],
      { ...planned, median: 0.9e9 },
      { ...opening, median: 16 },
    ]);
    expect(about(/^time from/, one)).toMatchObject({ value: 5.5, reached: false });
    expect(about(/^step memory/, one)).toMatchObject({ value: 0.9e9, reached: true });
    expect(about(/^first step/, one)).toMatchObject({ value: 16, reached: false });
  });

  it('say why there is no figure', () => {
    for (const judgement of judge(report([]))) {
      expect(judgement).toMatchObject({ value: undefined, reached: undefined });
      expect(judgement.remark).not.toBe('');
    }
  });
});
