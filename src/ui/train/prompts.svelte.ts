import { array, literal, string, union } from 'valibot';
import type { ExamplesState } from '../examples/examples.svelte';
import { keep, readKept } from '../shared/persist';
import type { SettingsState } from './settings.svelte';

/** Storage key of the prompts from before the visitor switched the answers off. */
const beforeKey = 'prompts.before';
const beforeSchema = union([literal('examples'), array(string())]);

/** The sample prompts in the editor: those of the examples until the visitor changes one. */
export class PromptsState {
  readonly #settings: Pick<SettingsState, 'shown' | 'set'>;
  readonly #examples: Pick<ExamplesState, 'report'>;
  /** The prompts in the editor. They may be empty; the setting leaves empty ones out. */
  #drafts: readonly string[] = $state.raw([]);

  readonly #value = $derived.by((): unknown => this.#settings.shown?.['sample_prompts'] ?? 'examples');
  readonly #editing = $derived(
    this.#drafts.length > 0 && JSON.stringify(clean(this.#drafts)) === JSON.stringify(this.#value),
  );
  /** Whether they are those of the examples. */
  readonly fromExamples = $derived(this.#value === 'examples');
  readonly list: readonly string[] = $derived.by(() => {
    if (this.#editing) return this.#drafts;
    if (Array.isArray(this.#value)) return this.#value.map(String);
    return this.#examples.report?.samplePrompts ?? [];
  });
  /** Whether the list is known: those of the examples are not before the examples are read. */
  readonly known = $derived.by(() => !this.fromExamples || this.#examples.report !== undefined);
  /** Whether a run answers any prompts. */
  readonly on = $derived(this.fromExamples || this.list.length > 0);

  constructor(settings: Pick<SettingsState, 'shown' | 'set'>, examples: Pick<ExamplesState, 'report'>) {
    this.#settings = settings;
    this.#examples = examples;
  }

  edit(index: number, prompt: string): void {
    this.#take(this.list.with(index, prompt));
  }

  add(): void {
    this.#take([...this.list, '']);
  }

  remove(index: number): void {
    this.#take(this.list.toSpliced(index, 1));
  }

  /** Restores the prompts of the examples. */
  reset(): void {
    this.#drafts = [];
    this.#settings.set('sample_prompts', 'examples');
  }

  /** Switches the prompts off, or restores the former ones. */
  switchOn(on: boolean): void {
    if (!on) keep(beforeKey, this.#editing ? clean(this.#drafts) : this.#value);
    this.#drafts = [];
    const before = readKept(beforeKey, beforeSchema) ?? 'examples';
    this.#settings.set('sample_prompts', on ? (before.length === 0 ? 'examples' : before) : []);
  }

  #take(drafts: readonly string[]): void {
    this.#drafts = drafts;
    this.#settings.set('sample_prompts', clean(drafts));
  }
}

function clean(drafts: readonly string[]): readonly string[] {
  return [...new Set(drafts.map((draft) => draft.trim()).filter((draft) => draft !== ''))];
}
