import { parseArgs } from 'node:util';
import { TunesmithError } from '../core/errors';
import { nearestName } from '../core/nearest_name';
import {
  ANSWER_SETTINGS,
  answerSettingFromText,
  isSettingName,
  SETTINGS,
  settingFromText,
  type AnswerSettingName,
  type AnswerSettings,
  type SettingName,
  type TrainSettings,
} from '../core/settings/settings';

/** A command's option that is not a setting. */
export interface OptionSpec {
  /** Placeholder for its value in the help: DIR, FILE…; a 'flag' has none. */
  readonly value: string;
  readonly kind: 'text' | 'list' | 'flag';
  readonly required?: boolean;
  readonly help: string;
}

export interface ArgumentsSpec {
  /** The command's name, for messages. */
  readonly name: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Help for arguments without an option's name, such as the words of a search; absent if the command takes none. */
  readonly words?: string;
  /** The settings that the command uses. */
  readonly settings: readonly SettingName[];
  /** The answer settings that it takes. If both lists have a name, it means the answer setting. */
  readonly answers?: readonly AnswerSettingName[];
}

/** The arguments after a command's name. */
export interface Arguments {
  /** The value of a 'text' option. */
  text(name: string): string | undefined;
  /** The value of a 'text' option that the command requires. */
  required(name: string): string;
  /** The values of a 'list' option. */
  list(name: string): readonly string[];
  /** The arguments without an option's name. */
  readonly words: readonly string[];
  /** Whether a 'flag' option was given. */
  flag(name: string): boolean;
  /** Only the settings that were given. */
  readonly settings: Partial<TrainSettings>;
  readonly answers: Partial<AnswerSettings>;
}

/**
 * Reads `--name value`, `--name=value`, `--flag`, and `--list value value …`. The settings' names and values come from
 * the training settings; `--shuffle` alone means true. If an option is given twice, the last one counts.
 *
 * @throws TunesmithError `argument_…` or `setting_invalid`, naming the argument
 */
export function parseArguments(spec: ArgumentsSpec, argv: readonly string[]): Arguments {
  const { given, words } = collect(spec, argv);
  const settings: Record<string, unknown> = {};
  const answers: Record<string, unknown> = {};
  for (const [name, values] of given) {
    const typed = values.at(-1) ?? '';
    if (spec.answers?.some((each) => each === name)) answers[name] = answerSettingFromText(name, typed);
    else if (spec.settings.some((each) => each === name)) settings[name] = settingFromText(name, typed);
  }
  const text = (name: string): string | undefined => given.get(name)?.at(-1);
  const isFlagSet = (name: string): boolean => {
    const value = text(name) ?? 'false';
    if (value === 'true' || value === 'false') return value === 'true';
    throw new TunesmithError({ code: 'argument_flag', values: { option: name, given: value } });
  };
  if (!isFlagSet('help')) {
    for (const [name, { required, value }] of Object.entries(spec.options)) {
      if (!required || given.has(name)) continue;
      throw new TunesmithError({
        code: 'argument_missing',
        values: { command: spec.name, option: name, value },
      });
    }
  }
  return {
    text,
    required: (name) => {
      const value = text(name);
      if (value === undefined) throw new Error(`${name} is no required option of ${spec.name}`);
      return value;
    },
    list: (name) => given.get(name) ?? [],
    words,
    flag: isFlagSet,
    settings,
    answers,
  };
}

/** Collects the values by option, as typed. */
function collect(
  spec: ArgumentsSpec,
  argv: readonly string[],
): { given: Map<string, string[]>; words: string[] } {
  const known = new Set(namesOf(spec));
  const { tokens } = parseArgs({
    args: argv.map((arg, index) => completed(spec, arg, argv[index + 1])),
    options: {
      ...Object.fromEntries(Array.from(known, (name) => [name, { type: 'string' as const }])),
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  let open: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (open) open.push(token.value);
      else if (spec.words !== undefined) words.push(token.value);
      else {
        const values = { command: spec.name, word: token.value };
        throw new TunesmithError({ code: 'argument_word', values });
      }
      continue;
    }
    const { name, rawName } = token;
    if (!known.has(name) && name !== 'help') throw unknown(spec, rawName);
    const value = token.value ?? (name === 'help' ? 'true' : '');
    if (value === '' || (value.startsWith('--') && token.inlineValue === false)) {
      const values = { option: rawName, value: spec.options[name]?.value ?? 'VALUE' };
      throw new TunesmithError({ code: 'argument_without_value', values });
    }
    const isList = spec.options[name]?.kind === 'list';
    const values = isList ? [...(given.get(name) ?? []), value] : [value];
    given.set(name, values);
    open = isList ? values : undefined;
  }
  return { given, words };
}

/** Adds the value true to a flag or a boolean setting without a value. */
function completed(spec: ArgumentsSpec, arg: string, next = '--'): string {
  const name = arg.slice(2);
  if (!arg.startsWith('--')) return arg;
  const isFlag = spec.options[name]?.kind === 'flag' && next !== 'true' && next !== 'false';
  const isSwitch = spec.settings.some(
    (each) => each === name && SETTINGS[each].kind.control.type === 'switch',
  );
  return isFlag || (isSwitch && next.startsWith('--')) ? `${arg}=true` : arg;
}

function namesOf({ options, settings, answers = [] }: ArgumentsSpec): string[] {
  return [...Object.keys(options), ...settings, ...answers];
}

function unknown(spec: ArgumentsSpec, rawName: string): TunesmithError {
  const name = rawName.replace(/^-+/, '');
  if (isSettingName(name) || Object.hasOwn(ANSWER_SETTINGS, name)) {
    return new TunesmithError({ code: 'argument_unused', values: { command: spec.name, option: rawName } });
  }
  const nearest = nearestName(name.replaceAll('-', '_'), namesOf(spec));
  return new TunesmithError({
    code: 'argument_unknown',
    values: { command: spec.name, option: rawName, nearest },
  });
}
