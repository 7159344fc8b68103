/** Settings as a YAML file (JSON is YAML too). The page and the command line read and write the same file. */
import { Document, isMap, isScalar, LineCounter, parseDocument, type Node } from 'yaml';
import { TunesmithError } from '../errors';
import { isRecord } from '../json';
import { message, type Message } from '../messages/message';
import { nearestName } from '../nearest_name';
import { foreignSettings } from './foreign/foreign';
import { llamaFactory } from './foreign/llama_factory';
import { peftConfig } from './foreign/peft';
import { problemOf } from './parse';
import { isNameOf, namesOf, type Setting, type Table } from './setting';
import { ANSWERS, ANSWER_SETTINGS, SETTINGS, type AnswerSettings, type TrainSettings } from './table';

/** The settings that a file names, and no others. */
export interface NamedSettings {
  readonly settings: Partial<TrainSettings>;
  readonly answers: Partial<AnswerSettings>;
}

/** The settings of a file, and notes for the person if it is a file of another program. */
export interface ReadSettings extends NamedSettings {
  readonly notes: readonly Message[];
}

export const SETTINGS_FILE = 'settings.yaml';

/** A larger file can't be a file of settings. */
const MOST_CHARACTERS = 1_000_000;

/** A text that `readSettingsFile` reads as these settings again. */
export function settingsFileText({ settings, answers }: NamedSettings): string {
  const hasAnswers = Object.keys(answers).length > 0;
  return new Document({ ...settings, ...(hasAnswers && { [ANSWERS]: answers }) }).toString();
}

/**
 * Reads the settings of training and loading by their names, and those of answers below `answers`. A text may stand for a
 * value as on a command line: `target_modules: q_proj,v_proj`. Reads LLaMA-Factory's files and PEFT's
 * adapter_config.json as well; the notes tell what they have no setting for.
 *
 * @param name the file's, for messages
 * @throws TunesmithError `settings_file_invalid`, naming all that is wrong with its line
 */
export function readSettingsFile(name: string, text: string): ReadSettings {
  const file = new SettingsReader(text);
  const { settings, answers, notes, problems } = file;
  if (problems.length === 0) return { settings, answers, notes };
  throw new TunesmithError({
    code: 'settings_file_invalid',
    values: { file: name, problems },
    detail: file.fault,
  });
}

/** The files of other programs that are read as settings. */
const FOREIGN = [peftConfig, llamaFactory];

/** Faults of the YAML library that people cause often enough to have words of their own. */
const FAULTS: Readonly<Record<string, 'settings_twice' | 'settings_second_document'>> = {
  DUPLICATE_KEY: 'settings_twice',
  MULTIPLE_DOCS: 'settings_second_document',
};

/** Reads a file to its end and collects all that is wrong. */
class SettingsReader {
  readonly settings: Record<string, unknown> = {};
  readonly answers: Record<string, unknown> = {};
  notes: readonly Message[] = [];
  /** The fault, with its line. */
  readonly problems: Message[] = [];
  /** The library's English reason why the text is no YAML; empty if it is. */
  readonly fault: string = '';
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(text: string) {
    const isTooLarge = text.length > MOST_CHARACTERS;
    this.#document = parseDocument(isTooLarge ? '' : text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
    });
    const { errors, contents } = this.#document;
    const [fault] = errors;
    if (isTooLarge) this.#complain(0, message('settings_too_large'));
    else if (fault) {
      this.fault = fault.message;
      this.#complain(fault.pos[0], message(FAULTS[fault.code] ?? 'settings_no_yaml'));
    } else if (contents !== null && !this.#readForeign(contents)) {
      this.#readNames(contents, SETTINGS, this.settings);
    }
  }

  /** Reads a file of another program. Returns false if it is none. */
  #readForeign(node: Node): boolean {
    const fields = this.#plain(node);
    const format = isRecord(fields) ? FOREIGN.find((each) => each.matches(fields)) : undefined;
    if (!format || !isRecord(fields)) return false;
    const refusal = format.refusal?.(fields);
    if (refusal) this.#complain(startOf(node), refusal);
    else {
      const read = foreignSettings(format, fields);
      Object.assign(this.settings, read.settings);
      this.notes = read.notes;
    }
    return true;
  }

  #readNames(node: Node, table: Table, into: Record<string, unknown>): void {
    if (!isMap<Node, Node | null>(node)) {
      this.#complain(startOf(node), message('settings_no_names'));
      return;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      if (table === SETTINGS && name === ANSWERS) {
        if (value && this.#plain(value) !== null) this.#readNames(value, ANSWER_SETTINGS, this.answers);
      } else if (isNameOf(table, name)) this.#readValue(startOf(key), name, table[name], value, into);
      else this.#complain(startOf(key), unknownName(table, name));
    }
  }

  #readValue(
    at: number,
    name: string,
    setting: Setting | undefined,
    node: Node | null,
    into: Record<string, unknown>,
  ): void {
    if (!setting) return;
    const given = this.#plain(node);
    const meant = typeof given === 'string' ? setting.kind.fromText(given) : given;
    const problem = problemOf(setting, name, meant);
    if (problem === undefined) into[name] = setting.kind.read(meant)?.value;
    else this.#complain(at, problem);
  }

  #plain(node: Node | null): unknown {
    try {
      return node?.toJS(this.#document) ?? null;
    } catch {
      // Anchors that expand without end.
      return undefined;
    }
  }

  #complain(at: number, problem: Message): void {
    const line = Math.max(1, this.#lines.linePos(at).line);
    this.problems.push(message('settings_line', { line, problem }));
  }
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function unknownName(table: Table, name: string): Message {
  const nearest = nearestName(name, namesOf(table));
  if (nearest === undefined) return message('settings_unknown', { name });
  return message('settings_unknown_near', { name, nearest });
}
