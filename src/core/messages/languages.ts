import type { Catalogue } from './catalogue';
import { en } from './en';
import { zh } from './zh';

export const LANGUAGES = ['en', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The name of each language in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

/** The BCP 47 tag of each language, for the page's `lang`. */
export const LANGUAGE_TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' };

export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { en, zh };

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The first language that is spoken here among those that a person prefers: "zh-CN", "zh_CN.UTF-8", "en-GB". English if none is. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const [language] = tag.toLowerCase().split(/[-_.@]/);
    if (isLanguage(language)) return language;
  }
  return 'en';
}
