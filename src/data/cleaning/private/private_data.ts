import type { CleaningSteps, PrivateKind } from '../../../core/settings/cleaning';
import type { TextStep } from '../step';
import { PATTERNS } from './patterns';

/** The mark in the place of private data. No form of private data is found in it. */
const MARKS: Readonly<Record<PrivateKind, string>> = {
  email: '[EMAIL]',
  phone: '[PHONE]',
  id: '[ID]',
  iban: '[IBAN]',
  card: '[CARD]',
  ip: '[IP]',
  key: '[KEY]',
};

/** Masks private data, or drops rows with it. */
export function privateDataStep({ action, kinds }: Required<CleaningSteps>['private_data']): TextStep {
  const masked = (text: string): string => maskedText(text, kinds);
  if (action === 'mask') return { over: 'texts', change: masked, inCalls: true };
  return { over: 'texts', change: (text) => text, isDropped: (text) => masked(text) !== text };
}

function maskedText(text: string, kinds: readonly PrivateKind[]): string {
  // Every form has a digit, an @, or the dashes of a key.
  if (!/\d|@|-----/.test(text)) return text;
  let masked = text;
  for (const { kind, form, length } of PATTERNS) {
    if (!kinds.includes(kind)) continue;
    masked = masked.replaceAll(form, (candidate: string) => {
      const count = length?.(candidate) ?? candidate.length;
      return count === 0 ? candidate : MARKS[kind] + candidate.slice(count);
    });
  }
  return masked;
}
