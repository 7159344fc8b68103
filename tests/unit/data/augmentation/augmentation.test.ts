import { describe, expect, it } from 'vitest';
import { Augmentation, type AugmentationOptions } from '../../../../src/data/augmentation/augmentation';
import type { Sample } from '../../../../src/data/messages';
import { sampleOf } from '../../../../src/data/shapes';
import type { LosslessJson } from '../../../../src/core/lossless_json';

const share = 0.2;
const techniques = {
  templates: { templates: ['Well, {text}'] },
  typos: { share },
  deletion: { share },
  swap: { share },
};
const OPTIONS: AugmentationOptions = { techniques, copies: 3, seed: 7 };

function read(value: LosslessJson): Sample {
  const sample = sampleOf(value);
  if ('kind' in sample && (sample.kind === 'chat' || sample.kind === 'text')) return sample;
  throw new Error('no sample');
}
const chat = (sample: Sample) => (sample.kind === 'chat' ? sample.messages : []);
const variantsOf = (value: LosslessJson, options: Partial<AugmentationOptions> = {}) =>
  new Augmentation({ ...OPTIONS, ...options }).variants(read(value));

const question = 'Could you please describe the harbour of the small town?';

describe('augmentation', () => {
  it('changes questions and nothing else', () => {
    const messages = [
      { role: 'system', content: 'Always answer like a friendly pirate captain.' },
      { role: 'user', content: question },
      { role: 'assistant', content: 'The harbour is small and very pretty indeed.' },
      { role: 'user', content: 'And which other places should somebody visit there?' },
      { role: 'assistant', content: 'The old lighthouse is certainly worth a visit.' },
    ];
    const variants = variantsOf({ messages });
    expect(variants).toHaveLength(1 + 3 + 3 + 3);
    for (const { sample, technique, before, after } of variants) {
      const made = chat(sample);
      expect(made.filter(({ role }) => role !== 'user')).toEqual(
        chat(read({ messages })).filter(({ role }) => role !== 'user'),
      );
      expect([before, made[1]?.content]).toEqual([question, after]);
      expect(made[3]?.content === messages[3]?.content).toBe(technique === 'templates');
    }
  });

  it('makes different rows, always the same, others with another seed', () => {
    const value = { instruction: question, output: 'Yes.' };
    const made = variantsOf(value).map(({ after }) => after);
    expect(new Set(made).size).toBe(made.length);
    expect(made).not.toContain(question);
    expect(variantsOf(value).map(({ after }) => after)).toEqual(made);
    expect(variantsOf(value, { seed: 8 }).map(({ after }) => after)).not.toEqual(made);
  });

  it('leaves the input of an instruction, and the words of a call', () => {
    const value = { instruction: question, input: 'A text to work with carefully.', output: 'Yes.' };
    for (const { sample } of variantsOf(value)) {
      const user = chat(sample)[0];
      expect(user?.alpaca?.input).toBe(value.input);
      expect(user?.content).toBe(`${user?.alpaca?.instruction}\n${value.input}`);
    }
    const call = { type: 'function', function: { name: 'find', arguments: '{"place":"Lisbon harbour"}' } };
    const messages: readonly LosslessJson[] = [
      { role: 'user', content: 'Please find something about Lisbon and also about the harbour' },
      { role: 'assistant', content: '', tool_calls: [call] },
    ];
    const variants = variantsOf({ messages }, { techniques: { typos: { share: 1 }, deletion: { share } } });
    expect(variants.length).toBeGreaterThan(2);
    for (const { sample } of variants) {
      expect(chat(sample)[0]?.content).toMatch(/Lisbon.*harbour/);
      expect(chat(sample)[1]).toEqual(chat(read({ messages }))[1]);
    }
  });

  it('changes texts only if it is asked to', () => {
    expect(variantsOf({ text: question })).toEqual([]);
    const made = variantsOf({ text: question }, { texts: true, techniques: { swap: { share } } });
    expect(made[0]?.sample).toEqual({ kind: 'text', text: made[0]?.after });
  });

  it('makes nothing of a question without words', () => {
    expect(variantsOf({ instruction: '42', output: 'x' }, { techniques: { typos: { share } } })).toEqual([]);
  });
});
