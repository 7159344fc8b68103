import { describe, expect, it } from 'vitest';
import { readSettingsFile, settingsFileText } from '../../../../src/core/settings/file';
import { ANSWER_DEFAULTS, DEFAULTS } from '../../../../src/core/settings/settings';
import { told } from '../../told';

function problemsIn(text: string): string[] {
  try {
    return [`accepted: ${JSON.stringify(readSettingsFile('my.yaml', text))}`];
  } catch (error) {
    const { code, message, hint } = told(error);
    expect(code).toBe('settings_file_invalid');
    expect(hint).toContain('No setting was changed');
    return message.replace('my.yaml can’t be used. ', '').split('\n');
  }
}

describe('a file of settings', () => {
  it('brings back all settings, as YAML and as JSON', () => {
    const all = { settings: DEFAULTS, answers: ANSWER_DEFAULTS };
    const read = { ...all, notes: [] };
    expect(readSettingsFile('s', settingsFileText(all))).toEqual(read);
    const json = { ...DEFAULTS, answers: ANSWER_DEFAULTS };
    expect(readSettingsFile('s', JSON.stringify(json, null, '\t'))).toEqual(read);
  });

  it('is one name and value a line', () => {
    const settings = { learning_rate: 2e-4, target_modules: ['q_proj', 'v_proj'], warmup_ratio: null };
    const text = settingsFileText({ settings, answers: { seed: 7 } });
    expect(text).toBe(
      'learning_rate: 0.0002\ntarget_modules:\n  - q_proj\n  - v_proj\nwarmup_ratio: null\nanswers:\n  seed: 7\n',
    );
  });

  it('may name a few, with comments, and with values as on a command line', () => {
    const text = `
# A first try
r: 8   # small
target_modules: q_proj,v_proj
layers_to_transform: [0, 2]
rank_pattern: {q_proj: 4}
init_lora_weights: pissa_niter_16
learning_rate: 2e-4
answers:
  temperature: 0
`;
    expect(readSettingsFile('s', text)).toEqual({
      settings: {
        r: 8,
        target_modules: ['q_proj', 'v_proj'],
        layers_to_transform: [0, 2],
        rank_pattern: { q_proj: 4 },
        init_lora_weights: 'pissa_niter_16',
        learning_rate: 2e-4,
      },
      answers: { temperature: 0 },
      notes: [],
    });
  });

  it('may be empty, or name no answer', () => {
    const nothing = { settings: {}, answers: {}, notes: [] };
    for (const text of ['', '# none\n', '{}', 'answers:\n']) {
      expect(readSettingsFile('s', text)).toEqual(nothing);
    }
  });

  it('names all that is wrong, each with its line', () => {
    const text = 'r: 16\nlearning_rte: 1\nseed: -1\nanswers:\n  top_p: 2\n  loud: true\nshuffle: yes\n';
    expect(problemsIn(text)).toEqual([
      'Line 2: There is no setting called learning_rte. Did you mean learning_rate?',
      'Line 3: seed must be a whole number from 0 to 4294967295, not -1.',
      'Line 5: top_p must be a number above 0 and at most 1, not 2.',
      'Line 6: There is no setting called loud.',
      'Line 7: shuffle must be true or false, not “yes”.',
    ]);
  });

  it.each([
    ['a name twice', 'r: 8\nr: 16\n', 2],
    ['a list that is not closed', 'r: 8\nlayers_to_transform: [0, 1\nseed: 2\n', 3],
    ['two documents', 'r: 8\n---\nr: 16\n', 2],
    ['a list instead of names', '- r\n', 1],
    ['a single word', 'r', 1],
    ['a name that is no word', '? [r]\n: 8\n', 1],
    ['answers that are a number', 'r: 8\nanswers: 3\n', 2],
    ['a value that refers to none', 'r: *none\n', 1],
  ])('refuses %s, and says where', (_what, text, line) => {
    expect(problemsIn(text)[0]).toContain(`Line ${line}: `);
  });

  it('refuses what grows without end, and what is far too large', () => {
    const grown = Array.from({ length: 12 }, (_, i) => `  - &a${i} [${`*a${i - 1},`.repeat(9)}]`).slice(1);
    const text = `rank_pattern:\n  - &a0 [1]\n${grown.join('\n')}\n`;
    expect(problemsIn(text)[0]).toContain('Line 1: rank_pattern must be');
    expect(problemsIn(`# ${'x'.repeat(2_000_000)}`)[0]).toContain('too large');
  });
});
