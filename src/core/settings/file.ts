/** Settings as a file of YAML, which JSON is as well: the page and the command line read and write the same. */
import { Document, isMap, isScalar, LineCounter, parseDocument, type Node, type Pair } from 'yaml';
import { TunesmithError } from '../errors';
import { nearestName } from '../nearest_name';
import { problemOf } from './parse';
import { isNameOf, namesOf, type Setting, type Table } from './setting';
import { ANSWER_SETTINGS, SETTINGS, type AnswerSettings, type TrainSettings } from './table';

/** The settings that a file names, and no others. */
export interface NamedSettings {
  readonly settings: Partial<TrainSettings>;
  readonly answers: Partial<AnswerSettings>;
}

/** What is wrong in a file, and the line that it stands in, from 1. */
export interface FileProblem {
  readonly line: number;
  readonly message: string;
}

export const SETTINGS_FILE = 'settings.yaml';

/** The key of the settings of an answer, which stand below it: one of them shares its name with one of training. */
const ANSWERS = 'answers';

/** Nobody writes so many settings: such a file is something else. */
const MOST_CHARACTERS = 1_000_000;

/** A text that `readSettingsFile` reads as these settings again. */
export function settingsFileText({ settings, answers }: NamedSettings): string {
  const hasAnswers = Object.keys(answers).length > 0;
  return new Document({ ...settings, ...(hasAnswers && { [ANSWERS]: answers }) }).toString();
}

/**
 * Reads the settings of training and loading by their names, and those of answers below `answers`. A text may stand for a
 * value as on a command line: `target_modules: q_proj,v_proj`.
 *
 * @param name the file's, for messages
 * @throws TunesmithError `settings_file_invalid`, naming all that is wrong with its line
 */
export function readSettingsFile(name: string, text: string): NamedSettings {
  const { problems, ...named } = readNamed(text);
  if (problems.length === 0) return named;
  throw new TunesmithError({
    code: 'settings_file_invalid',
    message: problems.map(({ line, message }) => `${name}, line ${line}: ${message}`).join('\n'),
    hint: 'No setting was changed. Correct the file and try again.',
  });
}

function readNamed(text: string): NamedSettings & { readonly problems: readonly FileProblem[] } {
  const nothing = { settings: {}, answers: {} };
  if (text.length > MOST_CHARACTERS) {
    return { ...nothing, problems: [{ line: 1, message: 'The file is too large to be one of settings.' }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const [fault] = document.errors;
  if (fault) return { ...nothing, problems: [{ line: lineAt(fault.pos[0]), message: `${fault.message}.` }] };
  if (document.contents === null) return { ...nothing, problems: [] };

  const problems: FileProblem[] = [];
  const read = (node: unknown, table: Table, nested?: string): Record<string, unknown> => {
    const values: Record<string, unknown> = {};
    if (!isMap(node)) {
      const whose = nested === undefined ? 'The file' : nested;
      problems.push({ line: lineOf(node), message: `${whose} must hold names and values, as in "r: 16".` });
      return values;
    }
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const line = lineOf(key);
      if (nested === undefined && name === ANSWERS) {
        if (plain(value) !== null) Object.assign(answers, read(value, ANSWER_SETTINGS, ANSWERS));
        continue;
      }
      const setting: Setting | undefined = isNameOf(table, name) ? table[name] : undefined;
      if (!setting) {
        problems.push({ line, message: unknownName(table, name) });
        continue;
      }
      const given = plain(value);
      const meant = typeof given === 'string' ? setting.kind.fromText(given) : given;
      const problem = problemOf(setting, name, meant);
      if (problem !== undefined) problems.push({ line, message: problem });
      else values[name] = setting.kind.read(meant)?.value;
    }
    return values;
  };
  const lineOf = (node: unknown): number => {
    const range = (node as Node | null)?.range;
    return range ? lineAt(range[0]) : 1;
  };
  const plain = (node: Node | null): unknown => {
    try {
      return node?.toJS(document) ?? null;
    } catch {
      // Anchors that multiply without end.
      return undefined;
    }
  };
  const answers: Record<string, unknown> = {};
  const settings = read(document.contents, SETTINGS);
  return { settings, answers, problems };
}

function unknownName(table: Table, name: string): string {
  const nearest = nearestName(name, namesOf(table));
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return `There is no setting called ${name}.${hint}`;
}
