import type { CleaningSteps } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import type { SampleStep } from './step';

/** Drops rows with a question or an answer that is too short or too long. A text without questions counts as an answer. */
export function lengthStep(options: Required<CleaningSteps>['length']): SampleStep {
  const { min_question, max_question, min_answer, max_answer } = options;
  const isQuestion = (text: string): boolean => isWithin(text, min_question, max_question);
  const isAnswer = (text: string): boolean => isWithin(text, min_answer, max_answer);
  return {
    over: 'sample',
    isDropped: (sample: Sample) => {
      if (sample.kind === 'text') return !isAnswer(sample.text);
      return !sample.messages.every(({ role, content, fields }) => {
        if (role === 'user') return isQuestion(content);
        return (
          role !== 'assistant' || (content === '' && fields?.tool_calls !== undefined) || isAnswer(content)
        );
      });
    },
  };
}

/** Whether a text has between `least` and `most` characters, which are code points. */
function isWithin(text: string, least: number, most: number): boolean {
  // A character takes one or two UTF-16 units.
  if (text.length < least || text.length > 2 * most) return false;
  if (text.length >= 2 * least && text.length <= most) return true;
  const characters = Array.from(text).length;
  return characters >= least && characters <= most;
}
