import { describe, expect, it } from 'vitest';
import { toyTokenizerJson } from './fixtures';
import { chatTemplateSource } from '../../../src/data/template';
import { tokensOfClass } from '../../../src/data/class_tokens';
import { loadTokenizer } from '../../../src/data/tokenizer';
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

describe('special tokens that tokenizer_config.json does not name', () => {
  const json = { ...toyTokenizerJson, added_tokens: [...(toyTokenizerJson.added_tokens as unknown[])] };
  const ids = json.added_tokens as { id: number; content: string }[];
  const end = ids.find(({ content }) => content === '</turn>')?.id ?? -1;

  it('are those of its class, if the vocabulary has them', () => {
    const config = { model_type: 'qwen3' };
    expect(tokensOfClass({}, config).eos_token).toBe('<|endoftext|>');
    expect(tokensOfClass({ tokenizer_class: 'LlamaTokenizerFast' }, config).bos_token).toBe('<s>');
    expect(tokensOfClass({ tokenizer_class: 'PreTrainedTokenizerFast' }, config)).toEqual({});
    const named = { tokenizer_class: 'Qwen2Tokenizer', eos_token: null, pad_token: '<pad>' };
    expect(tokensOfClass(named, {})).toEqual({ unk_token: '<|endoftext|>' });
    const tokens = { eos_token: '</turn>', bos_token: '<s>' };
    expect(loadTokenizer(json, {}, { tokens }).specialTokens).toEqual({ eos_token: '</turn>' });
    expect(loadTokenizer(json, { eos_token: '<pad>' }, { tokens }).specialTokens.eos_token).toBe('<pad>');
  });

  it('end with what the configs of the model name', () => {
    const { eosId, specialTokens } = loadTokenizer(json, { eos_token: null }, { eosIds: [99_999, end] });
    expect(eosId).toBe(end);
    expect(specialTokens.eos_token).toBe('</turn>');
    expect(loadTokenizer(json, {}).eosId).toBeUndefined();
  });

  it('stay unnamed if they are null and no other file names them', () => {
    expect(completeTokenizerConfig({ eos_token: null }, {})).toMatchObject({ eos_token: null });
    const specialTokensMap = { eos_token: '</s>' };
    expect(completeTokenizerConfig({ eos_token: null }, { specialTokensMap })).toMatchObject(
      specialTokensMap,
    );
  });
});
