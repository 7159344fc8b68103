import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/train/settings';
import { suggestionsOf } from '../../../src/ui/shared/suggestions';

describe('advice with a button', () => {
  const changes = (line: string, settings = {}) =>
    suggestionsOf([line], { ...DEFAULTS, ...settings })[0]?.changes;

  it('halves a batch and keeps what the optimizer sees at a step', () => {
    const line = 'a smaller per_device_train_batch_size, with more gradient_accumulation_steps';
    expect(changes(line)).toEqual({ per_device_train_batch_size: 2, gradient_accumulation_steps: 4 });
    expect(changes(line, { per_device_train_batch_size: 3, gradient_accumulation_steps: 1 })).toEqual({
      per_device_train_batch_size: 1,
      gradient_accumulation_steps: 3,
    });
  });

  it('keeps an adapter as strong as it was', () => {
    expect(changes('Choose a smaller r or fewer target_modules.', { r: 32, lora_alpha: 16 })).toEqual({
      r: 16,
      lora_alpha: 8,
    });
  });

  it('offers no change that is made already or that no line names', () => {
    expect(changes('gradient_checkpointing')).toEqual({ gradient_checkpointing: true });
    expect(changes('gradient_checkpointing', { gradient_checkpointing: true })).toBeUndefined();
    expect(changes('a smaller max_seq_length', { max_seq_length: 64 })).toBeUndefined();
    expect(changes('load_in_4bit', { load_in_4bit: false })).toEqual({ load_in_4bit: true });
    expect(suggestionsOf(['It needs 14 GB or more.'], DEFAULTS)).toEqual([
      { text: 'It needs 14 GB or more.' },
    ]);
  });
});
