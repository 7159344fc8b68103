import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { nearestName } from '../../../../src/core/nearest_name';
import {
  DEFAULTS,
  parseSettings,
  SETTING_NAMES,
  settingFromText,
} from '../../../../src/core/settings/settings';
import { told } from '../../told';

function refusal(work: () => unknown): TunesmithError {
  try {
    work();
  } catch (error) {
    if (error instanceof TunesmithError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('parseSettings', () => {
  it('fills what is left out with the defaults, which are allowed themselves', () => {
    expect(parseSettings({})).toEqual(DEFAULTS);
    expect(parseSettings(DEFAULTS)).toEqual(DEFAULTS);
    expect(parseSettings({ r: 8, seed: undefined })).toEqual({ ...DEFAULTS, r: 8 });
    expect(parseSettings({ r: 8 }, { ...DEFAULTS, lora_alpha: 7 })).toEqual({
      ...DEFAULTS,
      r: 8,
      lora_alpha: 7,
    });
  });

  it('knows every setting by name, and no other', () => {
    expect([...SETTING_NAMES].sort()).toEqual(Object.keys(DEFAULTS).sort());
  });

  it.each([
    ['learning_rate', 0, 'learning_rate must be a number above 0 and at most 1, not 0.'],
    ['learning_rate', NaN, 'learning_rate must be a number above 0 and at most 1, not NaN.'],
    ['learning_rate', '2e-4', 'learning_rate must be a number above 0 and at most 1, not “2e-4”.'],
    ['r', 1.5, 'r must be a whole number from 1 to 1024, not 1.5.'],
    ['seed', 2 ** 32, 'seed must be a whole number from 0 to 4294967295, not 4294967296.'],
    ['adam_beta2', 1, 'adam_beta2 must be a number of at least 0 and below 1, not 1.'],
    ['eval_split', 0.6, 'eval_split must be a number from 0 to 0.5, not 0.6.'],
    ['shuffle', 'yes', 'shuffle must be true or false, not “yes”.'],
    ['train_on', 'prompts', 'train_on must be one of responses, last_response, all, not “prompts”.'],
    [
      'max_steps',
      0,
      'max_steps must be a whole number from 1 to 10000000, or -1 for as many as the epochs have, not 0.',
    ],
    ['lora_dropout', null, 'lora_dropout must be a number of at least 0 and below 1, not null.'],
  ])('refuses %s = %s and says what is allowed', (name, value, message) => {
    const error = refusal(() => parseSettings({ [name]: value }));
    expect(error.code).toBe('setting_invalid');
    expect(error.message).toBe(message);
    expect(told(error).hint).toContain(name);
  });

  it.each([[[]], [['q_proj', 'q_proj']], [['a b']], ['q_proj'], [[1]]])(
    'refuses target_modules %j',
    (value) => {
      const { message } = refusal(() => parseSettings({ target_modules: value }));
      expect(message).toMatch(/^target_modules must be all-linear, or a list of the model’s linear layers, /);
    },
  );

  it('takes target modules and the limits of ranges', () => {
    const input = { target_modules: ['v_proj', 'q_proj'], max_steps: -1, eval_split: 0.5, seed: 2 ** 32 - 1 };
    expect(parseSettings(input)).toEqual({ ...DEFAULTS, ...input });
  });

  it('refuses an unknown name and suggests the nearest', () => {
    const error = refusal(() => parseSettings({ learning_rat: 1 }));
    expect(error.message).toBe('There is no setting called learning_rat.');
    expect(told(error).hint).toMatch(/^Did you mean learning_rate\?/);
    expect(told(refusal(() => parseSettings({ bananas: 1 }))).hint).toContain(
      'per_device_train_batch_size, ',
    );
    expect(refusal(() => parseSettings({ constructor: 1 })).message).toContain(
      'no setting called constructor',
    );
  });

  it('refuses what is no object', () => {
    expect(refusal(() => parseSettings([1])).message).toContain('not [1]');
    expect(refusal(() => parseSettings(null)).code).toBe('settings_no_object');
  });
});

describe('settingFromText', () => {
  it.each([
    ['learning_rate', '2e-4', 2e-4],
    ['learning_rate', '.001', 0.001],
    ['max_steps', '-1', -1],
    ['use_rslora', 'true', true],
    ['shuffle', 'False', false],
    ['lr_scheduler_type', 'cosine', 'cosine'],
    ['target_modules', 'all-linear', 'all-linear'],
    ['target_modules', 'q_proj, v_proj', ['q_proj', 'v_proj']],
  ])('%s %s', (name, text, value) => {
    expect(settingFromText(name, text)).toEqual(value);
  });

  it.each([
    ['learning_rate', 'fast'],
    ['learning_rate', ''],
    ['learning_rate', '0x10'],
    ['learning_rate', 'Infinity'],
    ['seed', '1.5'],
    ['shuffle', '1'],
    ['target_modules', 'q_proj,'],
    ['lerning_rate', '1'],
  ])('refuses %s %s', (name, text) => {
    expect(refusal(() => settingFromText(name, text)).message).toContain(name);
  });
});

describe('nearestName', () => {
  it('finds a slip of the hand and leaves other words alone', () => {
    expect(nearestName('sed', SETTING_NAMES)).toBe('seed');
    expect(nearestName('warmup_step', SETTING_NAMES)).toBe('warmup_steps');
    expect(nearestName('Seed', SETTING_NAMES)).toBe('seed');
    expect(nearestName('temperature', ['top_p', 'top_k'])).toBeUndefined();
  });
});
