import { describeError, type ErrorDescription } from '../../core/errors';
import type { Message } from '../../core/messages/message';
import { readSettingsFile, settingsFileText } from '../../core/settings/file';
import { isOpen } from '../../core/settings/setting';
import { isSettingName, SETTINGS, type ANSWER_SETTINGS } from '../../core/settings/settings';
import type { FormState } from '../shared/form.svelte';
import type { SettingsState } from '../train/settings.svelte';

/** Most bytes of a file of settings; a larger file is refused without reading it. */
const MOST_BYTES = 4_000_000;

/** The settings as a file: loads one and makes one. */
export class SettingsFile {
  readonly #training: SettingsState;
  readonly #answers: FormState<typeof ANSWER_SETTINGS>;
  /** The number of settings taken from the last file. */
  taken: { readonly file: string; readonly count: number; readonly notes: readonly Message[] } | undefined =
    $state.raw();
  /** The name of a file that was not read, because a run uses the settings. */
  refused: string | undefined = $state();
  error: ErrorDescription | undefined = $state.raw();

  constructor(training: SettingsState, answers: FormState<typeof ANSWER_SETTINGS>) {
    this.#training = training;
    this.#answers = answers;
  }

  /** Takes all settings of a file, or none if any of them is wrong. Settings that it does not name stay. */
  async load(file: File): Promise<void> {
    this.dismiss();
    try {
      const { settings, answers, notes } = readSettingsFile(
        file.name,
        await file.slice(0, MOST_BYTES).text(),
      );
      this.#training.take(settings);
      this.#answers.take(answers);
      const count = Object.keys(settings).length + Object.keys(answers).length;
      this.taken = { file: file.name, count, notes };
    } catch (error) {
      this.error = describeError(error);
    }
  }

  /** Says that a file is not read while a run uses the settings. */
  refuse({ name }: Pick<File, 'name'>): void {
    this.dismiss();
    this.refused = name;
  }

  /** The text of all settings that leave a choice, as the list shows them; undefined if one of them is wrong. */
  text(): string | undefined {
    const settings = this.#training.values;
    const answers = this.#answers.values;
    if (!settings || !answers || !this.#training.valid || !this.#answers.valid) return undefined;
    const shown = Object.entries(settings).filter(([name]) => isSettingName(name) && isOpen(SETTINGS[name]));
    return settingsFileText({ settings: Object.fromEntries(shown), answers });
  }

  dismiss(): void {
    this.taken = undefined;
    this.refused = undefined;
    this.error = undefined;
  }
}
