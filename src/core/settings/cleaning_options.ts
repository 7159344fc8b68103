import { STEPS, type CleaningStep } from './cleaning';

/** An option of a step, as a form asks for it. */
export type StepOption = { readonly name: string } & (
  | { readonly type: 'number'; readonly range: StepRange; readonly default: number }
  | { readonly type: 'choice'; readonly values: readonly string[]; readonly default: string }
  /** One or more values; undefined if a person has to choose. */
  | {
      readonly type: 'several';
      readonly values: readonly string[];
      readonly default: readonly string[] | undefined;
    }
);

/** Allowed numbers. `above` and `below` are excluded. */
export interface StepRange {
  readonly from?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
  readonly whole: boolean;
}

/** The parts of a schema that tell its form. */
interface Schema {
  readonly type: string;
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly pipe?: readonly Schema[];
  readonly item?: Schema;
  readonly options?: readonly string[];
  readonly requirement?: unknown;
}

/** The options of a step, read from its schema. */
export function stepOptions(step: CleaningStep): readonly StepOption[] {
  const entries: Readonly<Record<string, unknown>> = STEPS[step].entries;
  return Object.entries(entries).map(([name, schema]) => optionOf(name, schema as Schema));
}

function optionOf(name: string, { type, wrapped, default: given, ...rest }: Schema): StepOption {
  if (wrapped) return withDefault(optionOf(name, wrapped), given);
  const { item, options, pipe = [] } = rest;
  if (type === 'picklist' && options)
    return { name, type: 'choice', values: options, default: options[0] ?? '' };
  if (type === 'array' && item?.options) {
    return { name, type: 'several', values: item.options, default: undefined };
  }
  if (type === 'number') return { name, type, range: rangeOf(pipe), default: 0 };
  throw new Error(`no form asks for the option ${name} of type ${type}`);
}

function withDefault(option: StepOption, given: unknown): StepOption {
  return { ...option, default: given } as StepOption;
}

function rangeOf(pipe: readonly Schema[]): StepRange {
  const limit = (type: string): number | undefined => {
    const requirement = pipe.find((action) => action.type === type)?.requirement;
    return typeof requirement === 'number' ? requirement : undefined;
  };
  const limits = {
    from: limit('min_value'),
    above: limit('gt_value'),
    most: limit('max_value'),
    below: limit('lt_value'),
  };
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), whole: pipe.some(({ type }) => type === 'integer') };
}
