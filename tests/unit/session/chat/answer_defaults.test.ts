import { describe, expect, it } from 'vitest';
import { ANSWER_DEFAULTS } from '../../../../src/core/settings/settings';
import { answerDefaults } from '../../../../src/session/chat/answer_defaults';

describe('the settings that an answer begins with', () => {
  it('are those that generation_config.json recommends', () => {
    // As Qwen2.5-Instruct has them.
    const config = {
      ...{ do_sample: true, repetition_penalty: 1.1, temperature: 0.7, top_p: 0.8, top_k: 20 },
      ...{ bos_token_id: 151_643, eos_token_id: [151_645, 151_643], max_new_tokens: 2048 },
    };
    expect(answerDefaults(config)).toEqual({
      ...ANSWER_DEFAULTS,
      ...{ repetition_penalty: 1.1, temperature: 0.7, top_p: 0.8, top_k: 20 },
    });
    expect(answerDefaults({ do_sample: true, temperature: 0.6 })).toEqual({
      ...ANSWER_DEFAULTS,
      temperature: 0.6,
    });
  });

  it('always take the likeliest token if it says that none are drawn', () => {
    const config = { do_sample: false, temperature: 1, top_k: 50, repetition_penalty: 1.05 };
    expect(answerDefaults(config)).toEqual({ ...ANSWER_DEFAULTS, temperature: 0, repetition_penalty: 1.05 });
  });

  it('have its repetition penalty also if it does not say whether tokens are drawn', () => {
    const config = { temperature: 0.6, repetition_penalty: 1.2 };
    expect(answerDefaults(config)).toEqual({ ...ANSWER_DEFAULTS, repetition_penalty: 1.2 });
  });

  it.each([
    undefined,
    null,
    [],
    { temperature: 0.6 },
    { do_sample: true, temperature: null, top_p: 0, top_k: -1, repetition_penalty: 'much' },
  ])('are the usual ones for %j', (config) => {
    expect(answerDefaults(config)).toEqual(ANSWER_DEFAULTS);
  });
});
