import type { AnswerSettings } from '../../core/settings/settings';

export interface ChatField {
  readonly name: keyof AnswerSettings;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly help: string;
}

export const chatFields: readonly ChatField[] = [
  {
    name: 'temperature',
    min: 0,
    max: 2,
    step: 0.05,
    help: '0 always says the likeliest word; higher is freer.',
  },
  {
    name: 'top_p',
    min: 0.05,
    max: 1,
    step: 0.05,
    help: 'Only the likeliest words that together make up this share.',
  },
  { name: 'top_k', min: 0, max: 200, step: 1, help: 'Only this many of the likeliest words; 0 for all.' },
  {
    name: 'repetition_penalty',
    min: 1,
    max: 2,
    step: 0.05,
    help: 'Above 1: words already said become unlikelier.',
  },
  { name: 'max_new_tokens', min: 1, max: 4096, step: 1, help: 'The longest an answer may get.' },
  { name: 'seed', min: 0, max: 4_294_967_295, step: 1, help: 'The same seed gives the same answer again.' },
];
