import { beforeEach, describe, expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, DEFAULTS, SETTINGS } from '../../../src/core/settings/settings';
import { isOpen, type Setting } from '../../../src/core/settings/setting';
import { SettingsFile } from '../../../src/ui/settings/file.svelte';
import { countsOf, SettingsPanel } from '../../../src/ui/settings/panel.svelte';
import { FormState } from '../../../src/ui/shared/form.svelte';
import { SettingsState } from '../../../src/ui/train/settings.svelte';
import { stubLocalStorage } from './engine';

beforeEach(() => {
  stubLocalStorage();
});

function begun() {
  const training = new SettingsState();
  training.begin(DEFAULTS);
  const answers = new FormState(ANSWER_SETTINGS, 'chat.settings');
  answers.begin(ANSWER_DEFAULTS);
  const panel = new SettingsPanel(training, answers);
  const shown = () => panel.groups.flatMap(({ fields }) => fields.map(({ key }) => key));
  const field = (key: string) => {
    const found = panel.groups.flatMap(({ fields }) => fields).find((each) => each.key === key);
    if (!found) throw new Error(`${key} is not shown`);
    return found;
  };
  return { training, answers, panel, shown, field, file: new SettingsFile(training, answers) };
}

describe('the list of all settings', () => {
  it('has each setting of the tables that leaves a choice, once', () => {
    const open = (form: string, table: typeof SETTINGS | typeof ANSWER_SETTINGS) =>
      Object.entries(table).flatMap(([name, setting]) => (isOpen(setting) ? [`${form}.${name}`] : []));
    const all = [...open('training', SETTINGS), ...open('answers', ANSWER_SETTINGS)];
    expect(begun().shown().toSorted()).toEqual(all.sort());
  });

  it('finds by name and by the words of the help, in any case', () => {
    const { panel, shown } = begun();
    panel.search = 'LEARNING_rate';
    expect(shown()).toContain('training.learning_rate');
    expect(shown()).not.toContain('training.r');
    panel.search = 'dropout';
    expect(shown()).toEqual(['training.lora_dropout']);
    panel.search = 'likely tokens probability';
    expect(shown()).toEqual(['answers.top_p']);
    panel.search = 'bananas';
    expect(panel.groups).toEqual([]);
  });

  it('counts what is changed or wrong in all of them, as the short form beside it does', () => {
    const { training, answers, panel } = begun();
    expect(panel.counts.words).toBe('');
    training.set('learning_rate', 1e-3);
    answers.set('temperature', 0.5);
    expect(panel.counts).toEqual({ changed: 2, wrong: 0, words: '2 changed' });
    answers.set('top_p', 3);
    expect(panel.counts).toEqual({ changed: 3, wrong: 1, words: '1 to correct' });
    expect(countsOf(training, answers)).toEqual(panel.counts);
  });

  it('sets and resets one setting, of training or of answers', () => {
    const { training, answers, panel, field } = begun();
    field('training.seed').set(7);
    field('answers.seed').set(8);
    expect([training.values?.seed, answers.values?.seed]).toEqual([7, 8]);
    expect(panel.counts.changed).toBe(2);
    expect(field('training.seed')).toMatchObject({ changed: true, fallback: DEFAULTS.seed, value: 7 });
    field('training.seed').reset();
    expect([training.values?.seed, answers.values?.seed]).toEqual([DEFAULTS.seed, 8]);
    field('answers.top_p').set(3);
    expect(field('answers.top_p').problem).toMatchObject({ values: { name: 'top_p' } });
    expect(panel.counts.wrong).toBe(1);
  });

  it('shows only what was changed, and keeps in sight what is typed back', () => {
    const { panel, shown, field } = begun();
    field('training.r').set(8);
    panel.onlyChanged = true;
    expect(shown()).toEqual(['training.r']);
    field('training.r').set(DEFAULTS.r);
    expect(shown()).toEqual(['training.r']);
    panel.onlyChanged = false;
    panel.onlyChanged = true;
    expect(shown()).toEqual([]);
  });

  it('says which other setting makes one do nothing', () => {
    const { training, field } = begun();
    training.set('load_in_4bit', false);
    expect(field('training.bnb_4bit_use_double_quant').unused).toEqual({
      setting: 'load_in_4bit',
      not: false,
    });
    expect(field('training.power').unused).toEqual({ setting: 'lr_scheduler_type', is: 'polynomial' });
    training.set('lr_scheduler_type', 'polynomial');
    expect(field('training.power').unused).toBeUndefined();
  });

  it('resets all, but not those that a run uses', () => {
    const { training, answers, panel } = begun();
    training.setAll({ r: 8, dtype: 'float32' });
    answers.set('top_k', 3);
    panel.resetAll(true);
    expect(training.values).toEqual({ ...DEFAULTS, r: 8, dtype: 'float32' });
    expect(answers.values).toEqual(ANSWER_DEFAULTS);
    panel.resetAll(false);
    expect(training.values).toEqual(DEFAULTS);
  });

  it('resets all but the texts that replace placeholders, which belong to the examples', () => {
    const { training, panel } = begun();
    training.setAll({ r: 8, placeholders: { name: 'Ada' } });
    expect(panel.resettable).toBe(1);
    panel.resetAll(false);
    expect(training.values).toEqual({ ...DEFAULTS, placeholders: { name: 'Ada' } });
    expect(panel.resettable).toBe(0);
    expect(begun().training.values?.placeholders).toEqual({ name: 'Ada' });
  });

  it('knows the first field with a wrong value', () => {
    const { answers, panel } = begun();
    expect(panel.firstWrong).toBeUndefined();
    answers.set('top_p', 9);
    expect(panel.firstWrong?.key).toBe('answers.top_p');
  });
});

describe('the settings as a file', () => {
  it('come back exactly', async () => {
    const { training, answers, panel, file } = begun();
    const changed = { r: 8, learning_rate: 1.7e-5, target_modules: ['q_proj'], rank_pattern: { v_proj: 4 } };
    training.setAll(changed);
    answers.set('temperature', 0.123456789);
    const saved = file.text() ?? '';
    panel.resetAll(false);
    await file.load(new File([saved], 'mine.yaml'));
    expect(training.values).toEqual({ ...DEFAULTS, ...changed });
    expect(answers.values).toEqual({ ...ANSWER_DEFAULTS, temperature: 0.123456789 });
    const all: readonly Setting[] = [...Object.values(SETTINGS), ...Object.values(ANSWER_SETTINGS)];
    const count = all.filter(isOpen).length;
    expect(file.taken).toEqual({ file: 'mine.yaml', count, notes: [] });
  });

  it('of LLaMA-Factory set what they can, with notes on the rest', async () => {
    const { training, file } = begun();
    training.set('logging_steps', 7);
    await file.load(new File(['lora_rank: 4\ndeepspeed: z3.json\n'], 'lora.yaml'));
    expect(file.error).toBeUndefined();
    expect(training.values).toMatchObject({ r: 4, lora_alpha: 8, max_seq_length: 2048, logging_steps: 7 });
    expect(file.taken?.notes.map(({ code }) => code)).toEqual(['settings_assumed', 'settings_left']);
  });

  it('change nothing if one is wrong, and say where', async () => {
    const { training, file } = begun();
    await file.load(new File(['r: 8\nseed: never\n'], 'mine.yaml'));
    expect(training.values).toEqual(DEFAULTS);
    expect(file.error).toMatchObject({ code: 'settings_file_invalid' });
    expect(inEnglish(file.error!)).toContain('Line 2: seed must be');
    await file.load(new File(['{"r": 8}'], 'mine.json'));
    expect(file.error).toBeUndefined();
    expect(training.values).toEqual({ ...DEFAULTS, r: 8 });
  });

  it('are not made while a value is wrong', () => {
    const { answers, file } = begun();
    answers.set('top_p', 9);
    expect(file.text()).toBeUndefined();
  });
});
