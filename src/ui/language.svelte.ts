import { picklist } from 'valibot';
import type { ErrorDescription } from '../core/errors';
import type { Catalogue } from '../core/messages/catalogue';
import { CATALOGUES, LANGUAGES, LANGUAGE_TAGS, languageFor, type Language } from '../core/messages/languages';
import { errorWords, sentence, type ErrorWords, type Told } from '../core/messages/message';
import { keep, readKept } from './shared/persist';

/** The web app manifest in each language, relative to the page. */
const MANIFESTS: Readonly<Record<Language, string>> = {
  en: './manifest.webmanifest',
  zh: './manifest.zh.webmanifest',
};

/** The page's language: the chosen one, else the browser's. */
class LanguageState {
  #current: Language = $state('en');

  get current(): Language {
    return this.#current;
  }

  /**
   * The catalogue of the present language. Reading it in markup or in a derived value follows a change of the language.
   */
  get words(): Catalogue {
    return CATALOGUES[this.#current];
  }

  /** Uses the language that was chosen before, else the first of the browser's languages that the page has. */
  begin(): void {
    this.#take(readKept('language', picklist(LANGUAGES)) ?? languageFor(navigator.languages));
  }

  choose(language: Language): void {
    this.#take(language);
    keep('language', language);
  }

  #take(language: Language): void {
    this.#current = language;
    // For screen readers, fonts and line breaking.
    document.documentElement.lang = LANGUAGE_TAGS[language];
    // For a browser that installs the page as an app, or keeps it as a bookmark.
    document
      .querySelector<HTMLMetaElement>('meta[name="description"]')
      ?.setAttribute('content', this.words.shell.sentence);
    document
      .querySelector<HTMLLinkElement>('link[rel="manifest"]')
      ?.setAttribute('href', MANIFESTS[language]);
  }
}

export const language = new LanguageState();

/** The catalogue in the page's language. Read it where it is shown (`t.chat.send`): a copy would not follow a change. */
export const t: Catalogue = following(() => language.words);

/** An object whose properties read those of `now()` at the time of access. */
function following<T extends object>(now: () => T): T {
  return Object.defineProperties(
    {},
    Object.fromEntries(
      Object.keys(now()).map((key) => [key, { enumerable: true, get: () => now()[key as keyof T] }]),
    ),
  ) as T;
}

/** A message of the engine in the page's language. Returns a text unchanged. */
export function say(told: Told): string {
  return typeof told === 'string' ? told : sentence(language.words, told);
}

/** An error in the page's language. */
export function sayError(error: ErrorDescription): ErrorWords {
  return errorWords(language.words, error);
}
