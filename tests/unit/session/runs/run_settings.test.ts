import { describe, expect, it } from 'vitest';
import { parseSettings, type TrainSettings } from '../../../../src/core/settings/settings';
import { resumedSettings } from '../../../../src/session/runs/run_settings';

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
  ])('hold if the adapter is made of them: %j', (changes) => {
    expect(() => resumedSettings(recorded, changes)).toThrow(/but the run started with/);
  });

  it('hold if they say what is learnt', () => {
    const other = { objective: 'dpo' } as unknown as Partial<TrainSettings>;
    expect(() => resumedSettings(recorded, other)).toThrow('objective is dpo, but the run started with sft.');
  });

  it('may be given again, and other ones may change', () => {
    const { rank_pattern, alpha_pattern } = recorded;
    const resumed = resumedSettings(recorded, { rank_pattern, alpha_pattern, learning_rate: 1e-5 });
    expect(resumed).toEqual({ ...recorded, learning_rate: 1e-5 });
  });
});
