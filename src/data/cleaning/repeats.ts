import type { CleaningSteps } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import { withoutCode } from './code';
import { shinglesOf } from './shingles';
import type { SampleStep } from './step';

/** Shingles of an answer that is long enough to be judged. */
const LEAST_SHINGLES = 20;

/**
 * Drops rows with an answer that is the question again, or that repeats itself: more than `max_share` of its shingles of
 * five words outside of code occurred in it before. A text without questions counts as an answer.
 */
export function repeatsStep({ max_share }: Required<CleaningSteps>['repeats']): SampleStep {
  const repeatsItself = (text: string): boolean => {
    // The lines of tables and drawings repeat their signs.
    const shingles = shinglesOf(withoutCode(text), { signs: false });
    return shingles.length >= LEAST_SHINGLES && 1 - new Set(shingles).size / shingles.length > max_share;
  };
  return {
    over: 'sample',
    isDropped: (sample: Sample) => {
      if (sample.kind === 'text') return repeatsItself(sample.text);
      return sample.messages.some(({ role, content }, at) => {
        if (role !== 'assistant' || content === '') return false;
        const before = sample.messages[at - 1];
        const repeatsQuestion = before?.role === 'user' && normal(before.content) === normal(content);
        return repeatsQuestion || repeatsItself(content);
      });
    },
  };
}

function normal(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}
