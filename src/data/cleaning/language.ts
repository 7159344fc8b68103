import type { CleaningSteps } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import type { SampleStep } from './step';

/** Characters at the beginning of a text that are enough to know its language. */
const ENOUGH = 2000;

/** Share of the best score at which another language is as likely: Bulgarian and Russian often differ by less. */
const AS_LIKELY = 0.9;

/**
 * Drops rows with answers that are certainly in other languages than those of `keep`. Short answers, code and mixtures are
 * kept: no program knows their language. A text without questions counts as an answer. Loads a detector of 1 MB.
 */
export async function languageStep({ keep }: Required<CleaningSteps>['language']): Promise<SampleStep> {
  const { eld } = await import('eld/extrasmall');
  return {
    over: 'sample',
    isDropped: (sample) => {
      const detected = eld.detect(answersIn(sample).slice(0, ENOUGH));
      if (!detected.isReliable()) return false;
      const scores = detected.getScores();
      const best = scores[detected.language] ?? 0;
      return keep.every((language) => (scores[language] ?? 0) < AS_LIKELY * best);
    },
  };
}

/** The answers of a row without the code in them. */
function answersIn(sample: Sample): string {
  const answers =
    sample.kind === 'text'
      ? [sample.text]
      : sample.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
  return answers.join('\n').replaceAll(/```[^]*?(?:```|$)/g, ' ');
}
