import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { PromptsState } from '../../../src/ui/train/prompts.svelte';
import { SettingsState } from '../../../src/ui/train/settings.svelte';
import type { DataReport } from '../../../src/worker/protocol';
import { stubLocalStorage } from './engine';

const report = { samplePrompts: ['Who?', 'Why?'] } as unknown as DataReport;

function prompts() {
  const settings = new SettingsState();
  settings.begin(DEFAULTS);
  const state = new PromptsState(settings, { report });
  return { state, settings, value: () => settings.values?.sample_prompts };
}

beforeEach(() => void stubLocalStorage());

describe('the sample prompts on the page', () => {
  it('are those of the examples until one is changed', () => {
    const { state, value } = prompts();
    expect(state).toMatchObject({ list: ['Who?', 'Why?'], fromExamples: true, on: true });
    state.edit(1, 'How?');
    expect(value()).toEqual(['Who?', 'How?']);
    expect(state).toMatchObject({ list: ['Who?', 'How?'], fromExamples: false });
    state.reset();
    expect(value()).toBe('examples');
    expect(state.list).toEqual(['Who?', 'Why?']);
  });

  it('are unknown before the examples are read, unless they are the visitor’s own', () => {
    const { settings, state: read } = prompts();
    expect(read.known).toBe(true);
    const state = new PromptsState(settings, { report: undefined });
    expect(state).toMatchObject({ known: false, list: [] });
    state.add();
    expect(state.known).toBe(true);
  });

  it('may have empty and equal lines while they are written, which no run answers', () => {
    const { state, value } = prompts();
    state.add();
    expect(state.list).toEqual(['Who?', 'Why?', '']);
    expect(value()).toEqual(['Who?', 'Why?']);
    state.edit(2, ' Who? ');
    expect(state.list).toEqual(['Who?', 'Why?', ' Who? ']);
    expect(value()).toEqual(['Who?', 'Why?']);
    state.remove(0);
    expect(value()).toEqual(['Why?', 'Who?']);
  });

  it('are switched off and on again as they were', () => {
    const { state, value } = prompts();
    state.edit(0, 'Where?');
    state.switchOn(false);
    expect(value()).toEqual([]);
    expect(state).toMatchObject({ list: [], on: false });
    state.switchOn(true);
    expect(value()).toEqual(['Where?', 'Why?']);
    for (const index of [1, 0]) state.remove(index);
    expect(state.on).toBe(false);
    state.switchOn(false);
    state.switchOn(true);
    expect(value()).toBe('examples');
  });

  it('are switched on again as they were after a reload too', () => {
    const { state } = prompts();
    state.edit(0, 'Where?');
    state.switchOn(false);
    const reloaded = prompts();
    reloaded.settings.set('sample_prompts', []);
    reloaded.state.switchOn(true);
    expect(reloaded.value()).toEqual(['Where?', 'Why?']);
  });

  it('follow the settings where those are set elsewhere', () => {
    const { state, settings } = prompts();
    state.add();
    settings.set('sample_prompts', ['From a file?']);
    expect(state.list).toEqual(['From a file?']);
  });

  it('tell of a list that is not allowed', () => {
    const { state, settings } = prompts();
    state.edit(0, 'x'.repeat(3000));
    expect(settings.problems.get('sample_prompts')).toMatchObject({ values: { name: 'sample_prompts' } });
    expect(state.list[0]).toHaveLength(3000);
  });
});
