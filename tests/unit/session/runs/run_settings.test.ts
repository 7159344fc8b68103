import { describe, expect, it } from 'vitest';
import { DEFAULTS, parseSettings, type TrainSettings } from '../../../../src/core/settings/settings';
import { checkSame, resumedSettings, settingsOfAdapter } from '../../../../src/session/runs/run_settings';

describe('the settings of a run that goes on', () => {
  const recorded = parseSettings({ rank_pattern: { q_proj: 8, v_proj: 4 }, alpha_pattern: { q_proj: 8 } });

  it.each<Partial<TrainSettings>>([
    { rank_pattern: { q_proj: 8, v_proj: 2 } },
    { rank_pattern: {} },
    // The first pattern that matches counts.
    { rank_pattern: { v_proj: 4, q_proj: 8 } },
    { alpha_pattern: { q_proj: 16 } },
    { layers_to_transform: [0] },
    { target_modules: ['q_proj'] },
    { use_dora: true },
  ])('hold what the adapter is made of: %j', (changes) => {
    expect(() => resumedSettings(recorded, changes)).toThrow(/but the run was begun with/);
  });

  it('may be given again, and other ones may change', () => {
    const { rank_pattern, alpha_pattern } = recorded;
    const resumed = resumedSettings(recorded, { rank_pattern, alpha_pattern, learning_rate: 1e-5 });
    expect(resumed).toEqual({ ...recorded, learning_rate: 1e-5 });
  });
});

describe('the settings of an adapter that a run begins with', () => {
  const plain = {
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    use_rslora: false,
    target_modules: 'all-linear',
  } as const;

  it('take the place of all that was chosen for a new one', () => {
    const chosen = parseSettings({ use_dora: true, rank_pattern: { q_proj: 2 }, layers_to_transform: [1] });
    const { use_dora, rank_pattern, layers_to_transform, r } = DEFAULTS;
    const { r: rank, ...others } = { ...chosen, ...settingsOfAdapter(plain) };
    expect(others).toMatchObject({ use_dora, rank_pattern, layers_to_transform });
    expect(rank).toBe(4);
    expect(rank).not.toBe(r);
  });

  it('are not contradicted by the same in other words', () => {
    const names = ['use_dora', 'rank_pattern', 'layers_to_transform'] as const;
    const typed = { use_dora: false, rank_pattern: {}, layers_to_transform: null };
    expect(() => checkSame(names, typed, settingsOfAdapter(plain), 'it has')).not.toThrow();
    const other = { ...typed, use_dora: true };
    expect(() => checkSame(names, other, settingsOfAdapter(plain), 'it has')).toThrow(
      'use_dora is true, but it has false.',
    );
  });
});
