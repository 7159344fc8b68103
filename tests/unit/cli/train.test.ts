import { describe, expect, it } from 'vitest';
import { givenSettings, refuseOverModel } from '../../../src/cli/train';
import { DEFAULTS } from '../../../src/core/settings/settings';

describe('the settings that a run is given', () => {
  const typed = { r: 8 };

  it('have no sample prompts for a program that reads JSON lines, unless it asks for some', () => {
    expect(givenSettings(typed, { isJson: false, resumes: false })).toEqual({ r: 8 });
    expect(givenSettings(typed, { isJson: true, resumes: false })).toEqual({ r: 8, sample_prompts: [] });
    const asked = { ...typed, sample_prompts: ['Who?'] };
    expect(givenSettings(asked, { isJson: true, resumes: false })).toEqual(asked);
  });

  it('leave a run that goes on its own sample prompts', () => {
    expect(givenSettings(typed, { isJson: true, resumes: true })).toEqual(typed);
  });
});

describe('training the model itself', () => {
  const holding = (...names: string[]) => ({
    size: (name: string) => Promise.resolve(names.includes(name) ? 10 : 0),
  });
  const full = { ...DEFAULTS, finetuning_type: 'full' as const };

  it('is refused into the folder of another model', async () => {
    const writing = refuseOverModel(full, holding('config.json'), 'base');
    await expect(writing).rejects.toMatchObject({ code: 'output_dir_model' });
  });

  it('may replace a former run’s model, and an adapter may lie beside a model', async () => {
    await refuseOverModel(full, holding(), 'new');
    await refuseOverModel(full, holding('config.json', 'settings.yaml'), 'former');
    await refuseOverModel(DEFAULTS, holding('config.json'), 'base');
  });
});
