import { describe, expect, it } from 'vitest';
import { chatTemplateSource } from '../../../src/data/template';
import { completeTokenizerConfig } from '../../../src/data/tokenizer_config';

describe('the configuration of a tokenizer', () => {
  it('is completed out of the files of older checkpoints', () => {
    const companions = {
      specialTokensMap: {
        bos_token: '<s>',
        eos_token: { content: '</s>', lstrip: false },
        additional_special_tokens: ['<|end|>'],
      },
      addedTokens: { '</s>': 2, '<|end|>': 3, '[x]': 4 },
      templateJson: { chat_template: 'a' },
    };
    expect(completeTokenizerConfig({ eos_token: '</s>' }, companions)).toEqual({
      bos_token: '<s>',
      eos_token: '</s>',
      pad_token: undefined,
      unk_token: undefined,
      chat_template: 'a',
      added_tokens_decoder: {
        2: { content: '</s>', special: true, normalized: false },
        3: { content: '<|end|>', special: true, normalized: false },
        4: { content: '[x]', special: false, normalized: false },
      },
    });
  });

  it('holds where it says something itself', () => {
    const config = { bos_token: '<bos>', added_tokens_decoder: {}, chat_template: 'own' };
    const companions = {
      specialTokensMap: { bos_token: '<s>' },
      addedTokens: { '[x]': 4 },
      templateJson: { chat_template: 'a' },
    };
    expect(completeTokenizerConfig(config, companions)).toMatchObject(config);
  });

  it('takes further templates by name, beside the one of its own or in chat_template.jinja', () => {
    const moreTemplates = { tool_use: 'b' };
    const both = completeTokenizerConfig({ chat_template: 'a' }, { moreTemplates });
    expect(chatTemplateSource(both)).toEqual({ default: 'a', tool_use: 'b' });
    const alone = completeTokenizerConfig({}, { moreTemplates });
    expect(chatTemplateSource(alone)).toBeUndefined();
    expect(chatTemplateSource(alone, 'c')).toEqual({ default: 'c', tool_use: 'b' });
  });
});
