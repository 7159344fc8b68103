import { describe, expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import { adviseFit, type Need } from '../../../src/session/fit';
import { suggestionsOf } from '../../../src/ui/shared/suggestions';

describe('advice with a button', () => {
  const changes = (line: string) => suggestionsOf([line], DEFAULTS)[0]?.changes;

  it('reads the settings that a line names', () => {
    expect(
      changes('per_device_train_batch_size = 2, gradient_accumulation_steps = 4 (as before): 1.2 GB in all.'),
    ).toEqual({ per_device_train_batch_size: 2, gradient_accumulation_steps: 4 });
    expect(
      changes('No single setting is enough. Together: load_in_4bit = true, dtype = float16: 3 GB in all.'),
    ).toEqual({ load_in_4bit: true, dtype: 'float16' });
    expect(changes('It needs 14 GB; other = 3 would not help.')).toBeUndefined();
  });

  it('keeps an adapter as strong as it was', () => {
    expect(changes('r = 8: 1 GB in all.')).toEqual({ r: 8, lora_alpha: 16 });
  });

  it('makes a run fit by any of the lines that the engine gives', () => {
    const measure = (settings: TrainSettings): Need => {
      const rows = settings.per_device_train_batch_size * settings.max_seq_length;
      const memoryTotal = rows * (settings.gradient_checkpointing ? 1 : 4) + settings.r;
      return { memory: {}, memoryTotal, level: memoryTotal < 9000 ? 'yes' : 'no', reason: 'Too much.' };
    };
    const suggestions = suggestionsOf(adviseFit(DEFAULTS, measure), DEFAULTS);
    expect(suggestions.length).toBeGreaterThan(1);
    for (const { changes: change } of suggestions) {
      expect(measure({ ...DEFAULTS, ...change }).level).toBe('yes');
    }
  });
});
