import { plural } from './format';

export const shared = {
  details: 'Details',
  none: 'none',
  suggestions: (name: string) => `Values of ${name}`,
  /** To stand after the name of the setting. */
  allLinear: ': all linear layers',
  cancel: 'Cancel',
  close: 'Close',
  dismiss: 'Dismiss',
  copy: 'Copy',
  copied: 'Copied',
  left: (time: string) => `${time} left`,
  apply: 'Use this',
  runs: (count: number) => plural(count, 'run'),
  problems: (count: number) => plural(count, 'problem'),
  examples: (count: number) => plural(count, 'example'),
  /** To stand after a value: what it means. */
  meaning: (meaning: string) => `: ${meaning}.`,
  /** A name or an action, and what belongs to it. */
  about: (name: string, what: string) => `${name}: ${what}`,
  byPurpose: 'Memory by purpose',
};
