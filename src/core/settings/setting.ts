import type { Kind } from './kind';

/**
 * The effects of a setting. 'data': the tokens made from the examples; 'memory': bytes on the device; 'load': the base.
 */
export type Decision = 'data' | 'memory' | 'load';

/**
 * From when on a setting can't change. 'run': once a run has begun (its order of examples, its random numbers);
 * 'adapter': once an adapter exists, so that a run that trains it further keeps the setting too.
 */
export type Fixed = 'run' | 'adapter';

/** The groups of a form, in their order. */
const GROUPS = [
  'main',
  'load',
  'adapter',
  'batches',
  'rate',
  'optimizer',
  'data',
  'watching',
  'answers',
  'mixing',
] as const;

export type Group = (typeof GROUPS)[number];

/** Another setting of the same table, and its value with which alone (`is`) or without which (`not`) this one counts. */
export type Needs = { readonly setting: string } & (
  { readonly not: string | number | boolean } | { readonly is: string }
);

/** All facts about a setting except its help, which is in each language's `setting_help.ts`. */
export interface Setting<Value = unknown, Decides extends Decision = Decision, By extends Fixed = Fixed> {
  readonly kind: Kind<Value>;
  readonly default: Value;
  readonly group: Group;
  readonly decides: readonly Decides[];
  /** Absent: a continued run may change it. */
  readonly fixed?: By;
  readonly needs?: Needs;
}

/** An entry of a table of settings. */
export function setting<Value, const Decides extends Decision = never, const By extends Fixed = never>(
  kind: Kind<Value>,
  {
    decides = [],
    ...rest
  }: {
    readonly default: NoInfer<Value>;
    readonly group: Group;
    readonly decides?: readonly Decides[];
    readonly fixed?: By;
    readonly needs?: Needs;
  },
): Setting<Value, Decides, By> {
  return { kind, decides, ...rest };
}

/** Whether there is anything to choose. A setting with one value needs no field and no line of help. */
export function isOpen({ kind: { control } }: Setting): boolean {
  return control.type !== 'choice' || control.optional !== undefined || control.options.length > 1;
}

/** Whether a setting has an effect, given these values of the others. */
export function counts({ needs }: Setting, values: Readonly<Record<string, unknown>>): boolean {
  if (needs === undefined) return true;
  const value = values[needs.setting];
  return 'is' in needs ? value === needs.is : value !== needs.not;
}

/** Settings by name, in the order in which forms and help pages show them. */
export type Table = Readonly<Record<string, Setting>>;

/** A value for every setting of a table. */
export type Values<T extends Table> = { readonly [Name in keyof T]: T[Name]['default'] };

export type NameOf<T extends Table> = keyof T & string;

/** The names of a table, in its order. */
export function namesOf<T extends Table>(table: T): readonly NameOf<T>[] {
  return Object.keys(table);
}

/** Whether the table has a setting of this name. */
export function isNameOf<T extends Table>(table: T, name: string): name is NameOf<T> {
  return Object.hasOwn(table, name);
}

/** The groups of a table that have something to choose, in their order, with the settings of each. */
export function groupsOf<T extends Table>(
  table: T,
): readonly { readonly group: Group; readonly names: readonly NameOf<T>[] }[] {
  return GROUPS.map((group) => ({
    group,
    names: namesOf(table).filter((name) => {
      const entry = table[name];
      return entry !== undefined && entry.group === group && isOpen(entry);
    }),
  })).filter(({ names }) => names.length > 0);
}

/** The defaults of a table. */
export function defaultsOf<T extends Table>(table: T): Values<T> {
  const entries = Object.entries(table).map(([name, each]) => [name, each.default]);
  return Object.fromEntries(entries) as Values<T>;
}
