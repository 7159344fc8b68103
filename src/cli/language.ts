import type { ErrorDescription } from '../core/errors';
import { CATALOGUES, languageFor, type Language } from '../core/messages/languages';
import { errorWords, sentence, type ErrorWords, type Told } from '../core/messages/message';

/** The language of the terminal: POSIX gives LC_ALL precedence over LC_MESSAGES, and that over LANG. */
export const language: Language = languageFor(firstSet(process.env, ['LC_ALL', 'LC_MESSAGES', 'LANG']));

/** The catalogue in the language of the terminal. */
export const t = CATALOGUES[language];

function firstSet(environment: NodeJS.ProcessEnv, names: readonly string[]): readonly string[] {
  const set = names.map((name) => environment[name] ?? '').find((value) => value !== '');
  return set === undefined ? [] : [set];
}

/** A message of the engine in the terminal's language. Returns a text unchanged. */
export function say(told: Told): string {
  return typeof told === 'string' ? told : sentence(t, told);
}

/** An error in the terminal's language. */
export function sayError(error: ErrorDescription): ErrorWords {
  return errorWords(t, error);
}
