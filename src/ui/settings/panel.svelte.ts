import type { ANSWER_SETTINGS } from '../../core/settings/settings';
import { groupsOf, type Group, type Needs, type Setting, type Table } from '../../core/settings/setting';
import type { Message } from '../../core/messages/message';
import { settingHelp } from '../../core/settings/help';
import { t } from '../language.svelte';
import type { FormState } from '../shared/form.svelte';
import type { SettingsState } from '../train/settings.svelte';

/** One setting with its place in a form. */
export interface PanelField {
  /** Unique key: a setting of the other form may have the same name. */
  readonly key: string;
  readonly name: string;
  readonly setting: Setting;
  readonly value: unknown;
  /** The values that apply until the visitor changes them. */
  readonly fallback: unknown;
  readonly changed: boolean;
  readonly problem: Message | undefined;
  /** Another setting whose value makes this one ineffective. */
  readonly unused: Needs | undefined;
  readonly set: (value: unknown) => void;
  readonly reset: () => void;
}

export interface PanelGroup {
  readonly group: Group;
  readonly fields: readonly PanelField[];
}

/** How many of all settings differ from their defaults and how many are wrong, with the words for the more urgent. */
export function countsOf(...forms: readonly Pick<FormState<Table>, 'changed' | 'problems'>[]): {
  readonly changed: number;
  readonly wrong: number;
  readonly words: string;
} {
  const sum = (counts: readonly number[]): number => counts.reduce((all, each) => all + each, 0);
  const changed = sum(forms.map((form) => form.changed));
  const wrong = sum(forms.map(({ problems }) => problems.size));
  if (wrong > 0) return { changed, wrong, words: t.settings.wrong(t.format.count(wrong)) };
  return { changed, wrong, words: changed > 0 ? t.settings.changed(t.format.count(changed)) : '' };
}

/** Belongs to the chosen examples: the visitor fills it in beside them, and resets it there. */
const OF_EXAMPLES = ['placeholders', 'sources'] as const;

/** All settings of training, loading and answers in one list that can be searched. */
export class SettingsPanel {
  readonly #training: SettingsState;
  readonly #answers: FormState<typeof ANSWER_SETTINGS>;
  search = $state('');
  #onlyChanged = $state(false);
  /**
   * Settings that stay visible while only changed ones are shown: a setting typed back to its default must not vanish.
   */
  #held: readonly string[] = $state.raw([]);

  readonly #all: readonly PanelGroup[] = $derived.by(() => [
    ...fieldsOf('training', this.#training),
    ...fieldsOf('answers', this.#answers),
  ]);
  readonly names: readonly Group[] = $derived.by(() => this.#all.map(({ group }) => group));
  readonly counts = $derived.by(() => countsOf(this.#training, this.#answers));
  /** How many a reset of all would change. */
  readonly resettable = $derived.by(
    () => this.counts.changed - OF_EXAMPLES.filter((name) => this.#training.hasChanged(name)).length,
  );
  /** The first field with a wrong value. */
  readonly firstWrong: PanelField | undefined = $derived.by(() =>
    this.#all.flatMap(({ fields }) => fields).find(({ problem }) => problem !== undefined),
  );
  /** The groups with settings that match the search. */
  readonly groups: readonly PanelGroup[] = $derived.by(() =>
    this.#all
      .map((group) => ({ ...group, fields: group.fields.filter((field) => this.#shows(field)) }))
      .filter(({ fields }) => fields.length > 0),
  );

  constructor(training: SettingsState, answers: FormState<typeof ANSWER_SETTINGS>) {
    this.#training = training;
    this.#answers = answers;
  }

  get onlyChanged(): boolean {
    return this.#onlyChanged;
  }

  set onlyChanged(on: boolean) {
    const fields = this.#all.flatMap((group) => group.fields);
    this.#held = fields.filter(({ changed }) => on && changed).map(({ key }) => key);
    this.#onlyChanged = on;
  }

  /**
   * Resets settings to their defaults; those of training stay if a run uses them, and those of the examples stay in any
   * case.
   */
  resetAll(locked: boolean): void {
    if (!locked) this.#training.reset(OF_EXAMPLES);
    this.#answers.reset();
  }

  #shows({ key, name, setting, changed }: PanelField): boolean {
    if (this.#onlyChanged && !changed && !this.#held.includes(key)) return false;
    const found = `${name} ${settingHelp(t, name, setting).help}`.toLowerCase();
    return this.search
      .toLowerCase()
      .split(/\s+/)
      .every((word) => found.includes(word) || found.includes(word.replaceAll('-', '_')));
  }
}

function fieldsOf<T extends Table>(form: string, state: FormState<T>): PanelGroup[] {
  const { shown, defaults } = state;
  if (!shown || !defaults) return [];
  return groupsOf(state.table).map(({ group, names }) => ({
    group,
    fields: names.map((name): PanelField => {
      return {
        key: `${form}.${name}`,
        name,
        setting: state.table[name] as Setting,
        value: shown[name],
        fallback: defaults[name],
        changed: state.hasChanged(name),
        problem: state.problems.get(name),
        unused: state.unused(name),
        set: (value) => state.set(name, value),
        reset: () => state.resetOne(name),
      };
    }),
  }));
}
