import { expose, wrap, type Remote } from 'comlink';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments, type ArgumentsSpec } from '../../../src/cli/arguments';
import { inEnglish } from '../../../src/core/messages/english';
import { readSettingsFile, settingsFileText } from '../../../src/core/settings/file';
import type { NameOf, Setting, Table, Values } from '../../../src/core/settings/setting';
import {
  ANSWER_DEFAULTS,
  ANSWER_SETTING_NAMES,
  ANSWER_SETTINGS,
  DEFAULTS,
  parseAnswerSettings,
  parseSettings,
  SETTING_NAMES,
  SETTINGS,
} from '../../../src/core/settings/settings';
import { ChatState } from '../../../src/ui/chat/chat.svelte';
import type { FormState } from '../../../src/ui/shared/form.svelte';
import { TrainState } from '../../../src/ui/train/train.svelte';
import { SettingsState } from '../../../src/ui/train/settings.svelte';
import { engineOf, stubLocalStorage } from '../ui/engine';
import { illegalValues, legalValues } from './generated';
import { told } from '../told';

/** A table of settings, and every way in which a person's value reaches the engine. */
interface Ways<T extends Table> {
  readonly table: T;
  readonly defaults: Values<T>;
  /** The page's state, as after a reload. */
  readonly page: () => FormState<T>;
  readonly commandLine: (argv: readonly string[]) => Partial<Values<T>>;
  readonly parse: (input: unknown) => Values<T>;
  /** The values that the engine in its worker receives from the page. */
  readonly engine: (page: FormState<T>) => Promise<unknown>;
  /** Through a file: written, and read again. */
  readonly file: (values: Partial<Values<T>>) => Partial<Values<T>>;
}

const spec: ArgumentsSpec = { name: 'train', options: {}, settings: SETTING_NAMES };

/** The two ends of the worker's door, with an engine that reads what it is given as the real one does. */
class WorkerDoor {
  got: unknown;
  readonly #channel = new MessageChannel();
  readonly remote: {
    readonly runs: Remote<{ plan(settings: unknown): unknown }>;
    readonly chats: Remote<{ ask(requests: unknown, sampling: unknown): void }>;
  } = wrap(this.#channel.port1) as never;

  constructor() {
    const plan = (settings: unknown): object => {
      this.got = parseSettings(settings);
      return {};
    };
    const ask = (_requests: unknown, sampling: unknown): void => {
      this.got = parseAnswerSettings(sampling);
    };
    expose({ runs: { plan }, chats: { ask } }, this.#channel.port2);
  }

  close(): void {
    this.#channel.port1.close();
  }
}

let worker: WorkerDoor;

beforeAll(() => {
  worker = new WorkerDoor();
});

afterAll(() => worker.close());

const training: Ways<typeof SETTINGS> = {
  table: SETTINGS,
  defaults: DEFAULTS,
  page: () => {
    const settings = new SettingsState();
    settings.begin(DEFAULTS);
    return settings;
  },
  commandLine: (argv) => parseArguments(spec, argv).settings,
  parse: (input) => parseSettings(input),
  engine: async ({ values }) => {
    const training = new TrainState(engineOf(worker.remote));
    await training.makePlan(values!, 'new');
    return worker.got;
  },
  file: (settings) => readSettingsFile('f', settingsFileText({ settings, answers: {} })).settings,
};

const answers: Ways<typeof ANSWER_SETTINGS> = {
  table: ANSWER_SETTINGS,
  defaults: ANSWER_DEFAULTS,
  page: () => new ChatState(engineOf({}), () => undefined).settings,
  commandLine: (argv) =>
    parseArguments({ ...spec, settings: [], answers: ANSWER_SETTING_NAMES }, argv).answers,
  parse: (input) => parseAnswerSettings(input),
  engine: async ({ values }) => {
    await worker.remote.chats.ask([], values!);
    return worker.got;
  },
  file: (given) => readSettingsFile('f', settingsFileText({ settings: {}, answers: given })).answers,
};

beforeEach(() => {
  stubLocalStorage();
});

function refusal(work: () => unknown): string {
  try {
    return `accepted: ${JSON.stringify(work())}`;
  } catch (error) {
    const { code, message } = told(error);
    return `${code}: ${message}`;
  }
}

function everywhere<T extends Table>(ways: Ways<T>, name: NameOf<T>): void {
  const { table, defaults, page, commandLine, parse, engine, file } = ways;
  const setting: Setting = table[name]!;
  const { kind } = setting;

  it.each(legalValues(name, setting).map((value) => [value]))('%j arrives unchanged', async (value) => {
    const shown = page();
    shown.set(name, value);
    expect([...shown.problems.values()]).toEqual([]);
    expect(shown.values).toEqual({ ...defaults, [name]: value });
    expect(page().values).toEqual({ ...defaults, [name]: value });
    expect(await engine(shown)).toEqual({ ...defaults, [name]: value });
    // As a field of the form writes it and reads it again.
    shown.reset();
    shown.set(name, kind.fromText(kind.toText(value)));
    expect(shown.values).toEqual({ ...defaults, [name]: value });

    const typed = commandLine([`--${name}`, kind.toText(value)]);
    expect(typed).toEqual({ [name]: value });
    expect(parse(typed)).toEqual({ ...defaults, [name]: value });
    expect(parse(JSON.parse(JSON.stringify(shown.values)))).toEqual({ ...defaults, [name]: value });

    expect(file({ ...defaults, [name]: value })).toEqual({ ...defaults, [name]: value });
    expect(file(typed)).toEqual({ [name]: value });
  });

  it.each(illegalValues(setting).map((value) => [value]))('%j is refused by name and range', (value) => {
    const told = `${name} must be ${inEnglish(kind.range)}, not `;
    expect(refusal(() => parse({ [name]: value }))).toContain(`setting_invalid: ${told}`);

    const shown = page();
    shown.set(name, value);
    expect(inEnglish(shown.problems.get(name)!)).toContain(told);
    expect(shown.valid).toBe(false);
    expect(shown.values).toEqual(defaults);
    expect(page().values).toEqual(defaults);

    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) {
      const text = String(value);
      // A name that an option for lists takes is not wrong on a command line.
      if (kind.read(kind.fromText(text))) return;
      expect(refusal(() => commandLine([`--${name}`, text]))).toContain(`setting_invalid: ${told}`);
    }
  });
}

describe.each(SETTING_NAMES)('%s', (name) => everywhere(training, name));
describe.each(ANSWER_SETTING_NAMES)('%s of an answer', (name) => everywhere(answers, name));
