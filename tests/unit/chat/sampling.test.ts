import { describe, expect, it } from 'vitest';
import { createSampler, type SamplingSettings } from '../../../src/chat/sampling';
import type { Likeliest } from '../../../src/models/generation';
import { uniform } from '../../../src/core/random';

const plain: SamplingSettings = { temperature: 1, top_p: 1, top_k: 0, repetition_penalty: 1, seed: 1 };
const logits = Float32Array.of(2, -1, 0.5, 3, 0.5, -2, 1, 2.5);
const previous = [3, 3, 1, 6];

/** How often each id is chosen, by a draw for each of so many seeds. */
function frequencies(settings: SamplingSettings, scores: Float32Array, draws: number): number[] {
  const counts = new Array<number>(scores.length).fill(0);
  for (let seed = 0; seed < draws; seed++)
    counts[createSampler({ ...settings, seed }).ofAll(scores, previous)]!++;
  return counts.map((count) => count / draws);
}

// [repetition_penalty, temperature, top_k, top_p, probabilities]: what the logits processors of transformers 5.23 leave of
// these logits after these ids, in generate's order, softmaxed.
const known: [number, number, number, number, number[]][] = [
  [1, 1, 0, 1, [0.160019, 0.007967, 0.035705, 0.434978, 0.035705, 0.002931, 0.058868, 0.263827]],
  [1.5, 1, 0, 1, [0.226907, 0.006852, 0.05063, 0.226907, 0.05063, 0.004156, 0.059812, 0.374106]],
  [1, 0.7, 3, 1, [0.138591, 0, 0, 0.578305, 0, 0, 0, 0.283104]],
  [1, 1, 5, 1, [0.161782, 0, 0.036099, 0.43977, 0.036099, 0, 0.059516, 0.266734]],
  [1, 1, 0, 0.9, [0.174371, 0, 0, 0.473991, 0, 0, 0.064148, 0.28749]],
  [1, 1, 0, 0.5, [0, 0, 0, 0.622459, 0, 0, 0, 0.377541]],
  [1.3, 0.8, 5, 0.8, [0.230558, 0, 0, 0.338702, 0, 0, 0, 0.43074]],
  [1, 2, 0, 0.6, [0.254275, 0, 0, 0.419229, 0, 0, 0, 0.326496]],
  [1, 1, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]],
  [1, 1, 4, 0.7, [0, 0, 0, 0.622459, 0, 0, 0, 0.377541]],
];

describe('createSampler', () => {
  it.each(known)(
    'draws as transformers: penalty %f, temperature %f, top_k %i, top_p %f',
    (repetition_penalty, temperature, top_k, top_p, probabilities) => {
      const draws = 20_000;
      const found = frequencies({ ...plain, repetition_penalty, temperature, top_k, top_p }, logits, draws);
      for (const [id, probability] of probabilities.entries()) {
        // Five standard deviations of a count; nothing at all where the probability is 0.
        const spread = 5 * Math.sqrt((probability * (1 - probability)) / draws);
        expect(Math.abs(found[id]! - probability)).toBeLessThanOrEqual(spread);
      }
    },
  );

  it('is greedy at temperature 0, with the lowest id among equals', () => {
    const { ofAll: greedy } = createSampler({ ...plain, temperature: 0, top_p: 0.1, top_k: 1 });
    expect(greedy(logits, [])).toBe(3);
    expect(greedy(Float32Array.of(1, 5, 5, 2), [])).toBe(1);
    expect(greedy(Float32Array.of(-Infinity, -7, -Infinity), [])).toBe(1);
  });

  it('penalises an id once, however often it was there, and negative scores downwards', () => {
    const { ofAll: greedy } = createSampler({ ...plain, temperature: 0, repetition_penalty: 1.5 });
    // 3 / 1.5 = 2, still above 1.9; divided twice it would not be.
    expect(greedy(Float32Array.of(1.9, 3), [1, 1, 1])).toBe(1);
    expect(greedy(Float32Array.of(-2, -2.5), [0])).toBe(1);
    expect(greedy(Float32Array.of(1.9, 3), [1, 5000])).toBe(1);
  });

  it('leaves the logits as they are', () => {
    const copy = logits.slice();
    createSampler({ ...plain, repetition_penalty: 2, top_k: 2, top_p: 0.5 }).ofAll(copy, previous);
    expect(copy).toEqual(logits);
  });

  it('draws the same for the same seed and place, and otherwise not', () => {
    const flat = new Float32Array(1000);
    const answer = (seed: number) => {
      const { ofAll: sample } = createSampler({ ...plain, seed });
      const ids: number[] = [];
      for (let i = 0; i < 20; i++) ids.push(sample(flat, ids));
      return ids;
    };
    expect(answer(5)).toEqual(answer(5));
    expect(answer(5)).not.toEqual(answer(6));
    expect(new Set(answer(5)).size).toBeGreaterThan(15);
  });

  it('keeps of a large vocabulary just what sorting all of it would keep', () => {
    const scores = Float32Array.from({ length: 2000 }, (_, id) => 12 * uniform(9, 9, id) ** 3);
    for (const [temperature, top_p] of [
      [1, 0.9],
      [0.7, 0.3],
      [3, 0.99],
    ] as const) {
      const weights = Array.from(scores, (score, id) => ({ id, weight: Math.exp(score / temperature) }));
      weights.sort((a, b) => b.weight - a.weight || a.id - b.id);
      const total = weights.reduce((sum, { weight }) => sum + weight, 0);
      const kept = new Set<number>();
      let sum = 0;
      for (const { id, weight } of weights) {
        if (sum >= top_p * total) break;
        kept.add(id);
        sum += weight;
      }
      const drawn = new Set<number>();
      for (let seed = 0; seed < 1000; seed++) {
        drawn.add(createSampler({ ...plain, temperature, top_p, seed }).ofAll(scores, []));
      }
      expect([...drawn].filter((id) => !kept.has(id))).toEqual([]);
      expect(drawn.size).toBeGreaterThan(Math.min(kept.size, 200) * 0.8);
    }
  });

  it('stands scores as far apart as f32 goes', () => {
    expect(createSampler({ ...plain, temperature: 1e-6 }).ofAll(Float32Array.of(-3e38, 3e38, 0), [])).toBe(1);
  });

  it.each([[[1, NaN]], [[NaN, NaN]], [[1, Infinity]], [[-Infinity, -Infinity]]])('refuses %j', (scores) => {
    expect(() => createSampler(plain).ofAll(Float32Array.from(scores), [])).toThrow('are NaN');
  });
});

/** The four highest of every `groups`-th logit. */
function likeliestOf(scores: Float32Array, groups: number): Likeliest {
  const ids: number[] = [];
  let bound = -Infinity;
  for (let group = 0; group < groups; group++) {
    const members: number[] = [];
    for (let id = group; id < scores.length; id += groups) members.push(id);
    members.sort((a, b) => scores[b]! - scores[a]! || a - b);
    ids.push(...members.slice(0, 4));
    bound = Math.max(bound, scores[members[3]!]!);
  }
  return { scores: Float32Array.from(ids, (id) => scores[id]!), ids: Uint32Array.from(ids), bound };
}

describe('choosing among the likeliest alone', () => {
  // Few are high, as a model has it; in steps, so that there are equals.
  const logitsOf = (seed: number): Float32Array =>
    Float32Array.from({ length: 3000 }, (_, id) => Math.round(80 * uniform(seed, 3, id) ** 4) / 4 - 2);
  const ids = Array.from({ length: 60 }, (_, i) => (i * 7) % 50);

  it.each<Partial<SamplingSettings>>([
    { temperature: 0 },
    { temperature: 0, repetition_penalty: 1.3 },
    { top_k: 1 },
    { top_k: 20 },
    { top_k: 40, top_p: 0.9 },
    { top_k: 40, top_p: 0.5, temperature: 0.3 },
    { top_k: 15, repetition_penalty: 1.5, top_p: 0.95 },
  ])('gives what choosing from all gives: %j', (settings) => {
    let decided = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { ofAll, ofLikeliest } = createSampler({ ...plain, temperature: 0.7, ...settings, seed });
      const scores = logitsOf(seed);
      const previousIds = ids.slice(0, seed % 60);
      const chosen = ofLikeliest?.(likeliestOf(scores, 128), previousIds);
      if (chosen === undefined) continue;
      decided++;
      expect(chosen).toBe(ofAll(scores, previousIds));
    }
    expect(decided).toBeGreaterThan(60);
  });

  it('leaves undecided what may hang on a token that is left out', () => {
    const scores = Float32Array.of(5, 4, 3, 2, 1, 0);
    const { ofLikeliest } = createSampler({ ...plain, top_k: 4 });
    expect(ofLikeliest?.(likeliestOf(scores, 1), [])).toBeUndefined();
    const { ofLikeliest: three } = createSampler({ ...plain, top_k: 3 });
    expect(three?.(likeliestOf(scores, 1), [])).toBeLessThan(3);
    const equals = new Float32Array(20).fill(1);
    const { ofLikeliest: greedy } = createSampler({ ...plain, temperature: 0 });
    expect(greedy?.(likeliestOf(equals, 1), [])).toBeUndefined();
  });

  it('is not offered where any token may come', () => {
    for (const settings of [{ top_k: 0 }, { top_k: 5000 }, { top_k: 5, repetition_penalty: 0.9 }]) {
      expect(createSampler({ ...plain, ...settings }).ofLikeliest).toBeUndefined();
    }
  });

  it('refuses what is no number', () => {
    const { ofLikeliest } = createSampler({ ...plain, temperature: 0 });
    const ids = Uint32Array.of(0, 1);
    expect(() => ofLikeliest?.({ scores: Float32Array.of(1, NaN), ids, bound: 0 }, [])).toThrow('are NaN');
  });
});
