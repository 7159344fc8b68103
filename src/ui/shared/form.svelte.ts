import { record, string, unknown } from 'valibot';
import {
  counts,
  isNameOf,
  namesOf,
  type NameOf,
  type Needs,
  type Setting,
  type Table,
  type Values,
} from '../../core/settings/setting';
import type { Message } from '../../core/messages/message';
import { problemOf } from '../../core/settings/parse';
import { keep, readKept } from './persist';

type Given = Readonly<Record<string, unknown>>;

/**
 * A form over a table of settings: the defaults with the visitor's changes on top. Only changes are kept across
 * reloads, so that better defaults reach people who never changed them. A value that is not allowed is shown, but
 * neither used nor stored.
 */
export class FormState<T extends Table> {
  readonly table: T;
  readonly #storageKey: string;
  #defaults: Values<T> | undefined = $state.raw();
  /** Values that differ from the defaults, allowed or not. */
  #given: Given = $state.raw({});

  /** The shown values, including typed ones that are not allowed. Undefined until there are defaults. */
  readonly shown: Given | undefined = $derived(this.#defaults && { ...this.#defaults, ...this.#given });
  /** Problems by the setting's name. */
  readonly problems: ReadonlyMap<string, Message> = $derived.by(() => problemsIn(this.table, this.#given));
  /** Only allowed values; the default in place of others. */
  readonly values: Values<T> | undefined = $derived(
    this.#defaults && { ...this.#defaults, ...this.#allowed(this.#given) },
  );
  /** How many differ from the defaults, allowed or not. */
  readonly changed = $derived(Object.keys(this.#given).length);
  readonly valid = $derived(this.#defaults !== undefined && this.problems.size === 0);

  constructor(table: T, storageKey: string) {
    this.table = table;
    this.#storageKey = storageKey;
  }

  get defaults(): Values<T> | undefined {
    return this.#defaults;
  }

  /** Sets the defaults, and the changes stored before a reload. */
  begin(defaults: Values<T>): void {
    this.#defaults = defaults;
    this.#given = this.#changes(this.#kept());
  }

  /** Sets a typed or chosen value; a value that is not allowed becomes a problem. */
  set(name: NameOf<T>, value: unknown): void {
    this.setAll({ [name]: value });
  }

  setAll(values: Given): void {
    this.#given = this.#changes({ ...this.#given, ...values });
    // Keeps a stored value that equals the present default, because it counts again with other defaults.
    const others = Object.entries(this.#kept()).filter(([name]) => !Object.hasOwn(values, name));
    keep(this.#storageKey, { ...Object.fromEntries(others), ...this.#allowed(this.#given) });
  }

  /** Resets all settings but these to their defaults. */
  reset(except: readonly NameOf<T>[] = []): void {
    const stays = ([name]: [string, unknown]) => except.some((each) => each === name);
    this.#given = Object.fromEntries(Object.entries(this.#given).filter(stays));
    const kept = Object.entries(this.#kept()).filter(stays);
    keep(this.#storageKey, kept.length > 0 ? Object.fromEntries(kept) : undefined);
  }

  hasChanged(name: NameOf<T>): boolean {
    return Object.hasOwn(this.#given, name);
  }

  /** Resets a setting to its default. */
  resetOne(name: NameOf<T>): void {
    this.set(name, this.#defaults?.[name]);
  }

  /**
   * Takes the values of a file. Stores even those that equal the defaults, because a model opened later may have other
   * defaults.
   */
  take(values: Partial<Values<T>>): void {
    this.setAll(values);
    keep(this.#storageKey, { ...this.#kept(), ...values });
  }

  /** The setting and value that make this one ineffective; undefined if it has an effect. */
  unused(name: NameOf<T>): Needs | undefined {
    const setting: Setting | undefined = this.table[name];
    return setting && !counts(setting, this.shown ?? {}) ? setting.needs : undefined;
  }

  /** The given values that differ from the defaults, in canonical form if they are allowed. */
  #changes(given: Given): Given {
    const changes: Record<string, unknown> = {};
    for (const name of namesOf(this.table)) {
      const value = given[name];
      if (value === undefined) continue;
      const read = this.table[name]?.kind.read(value);
      const isDefault = read && JSON.stringify(read.value) === JSON.stringify(this.#defaults?.[name]);
      if (!isDefault) changes[name] = read ? read.value : value;
    }
    return changes;
  }

  /** The stored changes, without unknown settings and values that are not allowed. */
  #kept(): Given {
    const kept = readKept(this.#storageKey, record(string(), unknown())) ?? {};
    const settings = Object.entries(kept).filter(([name]) => isNameOf(this.table, name));
    return this.#allowed(Object.fromEntries(settings));
  }

  #allowed(given: Given): Given {
    const problems = problemsIn(this.table, given);
    return Object.fromEntries(Object.entries(given).filter(([name]) => !problems.has(name)));
  }
}

function problemsIn(table: Table, given: Given): ReadonlyMap<string, Message> {
  return new Map(
    Object.entries(given).flatMap(([name, value]) => {
      const setting: Setting | undefined = isNameOf(table, name) ? table[name] : undefined;
      const problem = setting && problemOf(setting, name, value);
      return problem === undefined ? [] : [[name, problem] as const];
    }),
  );
}
