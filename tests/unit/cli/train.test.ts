import { describe, expect, it } from 'vitest';
import { givenSettings } from '../../../src/cli/train';

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
