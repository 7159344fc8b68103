import { SETTING_NAMES, settingText, type SettingName } from '../../core/settings/settings';
import type { ListedRun, RunRecord } from '../../worker/protocol';
import { tellsTime } from '../train/curve';
import type { RunsState } from './runs.svelte';

/** Most runs to compare: more curves are hard to distinguish. */
export const MOST_COMPARED = 4;

/** A setting's values in the compared runs, in their order. */
export interface SettingDifference {
  readonly name: SettingName;
  readonly values: readonly string[];
}

/** A prompt with each run's last answer; undefined if a run has none. */
export interface ComparedAnswers {
  readonly prompt: string;
  readonly answers: readonly ({ readonly text: string; readonly step: number } | undefined)[];
}

/** The compared runs. Their histories are read when the comparison opens. */
export class CompareState {
  readonly #runs: Pick<RunsState, 'list' | 'read'>;
  /** The ids of the chosen runs, in the order of the choice. */
  #chosen: readonly string[] = $state.raw([]);
  /** The runs of the open comparison; undefined if it is closed. */
  records: readonly RunRecord[] | undefined = $state.raw();
  /** The chosen runs that are still in the list. */
  readonly chosen = $derived(this.#chosen.filter((id) => this.#runs.list.some((run) => run.id === id)));
  readonly ready = $derived(this.chosen.length >= 2);
  readonly full = $derived(this.chosen.length >= MOST_COMPARED);
  /** Whether all runs have times; runs of older versions lack them. */
  readonly hasTime = $derived((this.records ?? []).every(({ history }) => tellsTime(history)));
  readonly differences = $derived(differencesOf(this.records ?? []));
  readonly answers = $derived(answersOf(this.records ?? []));

  constructor(runs: Pick<RunsState, 'list' | 'read'>) {
    this.#runs = runs;
  }

  isChosen({ id }: Pick<ListedRun, 'id'>): boolean {
    return this.chosen.includes(id);
  }

  choose({ id }: Pick<ListedRun, 'id'>, on: boolean): void {
    const others = this.chosen.filter((each) => each !== id);
    this.#chosen = on && others.length < MOST_COMPARED ? [...others, id] : others;
  }

  clear(): void {
    this.#chosen = [];
    this.close();
  }

  /** Reads the chosen runs. One that can't be read says so in its row and is left out. */
  async open(): Promise<void> {
    const read = await Promise.all(this.chosen.map((id) => this.#runs.read(id)));
    const records = read.filter((record) => record !== undefined);
    this.records = records.length >= 2 ? records : undefined;
  }

  close(): void {
    this.records = undefined;
  }
}

function differencesOf(records: readonly RunRecord[]): readonly SettingDifference[] {
  return SETTING_NAMES.flatMap((name) => {
    const values = records.map(({ settings }) => settingText(name, settings[name]));
    return new Set(values).size > 1 ? [{ name, values }] : [];
  });
}

function answersOf(records: readonly RunRecord[]): readonly ComparedAnswers[] {
  const last = records.map(({ history }) => history.findLast((event) => event.event === 'sample'));
  const prompts = new Set(last.flatMap((sample) => sample?.answers.map(({ prompt }) => prompt) ?? []));
  return Array.from(prompts, (prompt) => ({
    prompt,
    answers: last.map((sample) => {
      const found = sample?.answers.find((answer) => answer.prompt === prompt);
      return sample && found && { text: found.answer, step: sample.step };
    }),
  }));
}
