import type { CleaningSteps } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import { withoutCode } from './code';
import type { SampleStep } from './step';

/** Characters at the beginning of a text that are enough to know its language. */
const ENOUGH = 2000;

/**
 * Share of the best score at which another language is possible. Names and calculations in English have 0.71 and more of
 * the best score; sentences in other languages have less.
 */
const POSSIBLE = 0.7;

/** Scripts of languages that mix with Latin letters: in words, names and quotations. */
const SCRIPTS: Readonly<Record<string, RegExp>> = {
  zh: /\p{Script=Han}/gu,
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  ko: /\p{Script=Hangul}/gu,
};

/** Share of such a script from which on a text is a mixture. */
const MIXED = 0.3;

/** Letters that a text needs to be judged; a character of a script without an alphabet counts as several. */
const LEAST_LETTERS = 20;
const OF_A_CHARACTER = 4;

/**
 * Drops rows with answers that are certainly in other languages than those of `keep`. Short answers, code and mixtures are
 * kept: no program knows their language. A text without questions counts as an answer. Loads a detector of 1 MB.
 */
export async function languageStep({ keep }: Required<CleaningSteps>['language']): Promise<SampleStep> {
  const { eld } = await import('eld/extrasmall');
  return {
    over: 'sample',
    isDropped: (sample) => {
      const text = answersIn(sample).slice(0, ENOUGH);
      if (lettersIn(text) < LEAST_LETTERS || keep.some((language) => isMixed(text, language))) return false;
      const detected = eld.detect(text);
      if (!detected.isReliable()) return false;
      const scores = detected.getScores();
      const best = scores[detected.language] ?? 0;
      return keep.every((language) => (scores[language] ?? 0) < POSSIBLE * best);
    },
  };
}

/** The answers of a row without the code in them. */
function answersIn(sample: Sample): string {
  const answers =
    sample.kind === 'text'
      ? [sample.text]
      : sample.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
  return withoutCode(answers.join('\n'));
}

function lettersIn(text: string): number {
  const characters =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  return (text.match(/\p{L}/gu)?.length ?? 0) + (OF_A_CHARACTER - 1) * characters;
}

/** Whether a good part of a text is in the script of a language. */
function isMixed(text: string, language: string): boolean {
  const script = SCRIPTS[language];
  if (!script || (language === 'zh' && text.search(SCRIPTS.ja!) >= 0)) return false;
  return (OF_A_CHARACTER * (text.match(script)?.length ?? 0)) / lettersIn(text) >= MIXED;
}
