import type { PrivateKind } from '../../../core/settings/cleaning';
import { hasIdChecksum, hasLuhnDigit, isCardNumber, ibanLength } from './checksums';

/** A form of private data. */
interface Pattern {
  readonly kind: PrivateKind;
  /** Matches candidates. */
  readonly form: RegExp;
  /** The number of characters at the beginning of a candidate that are private data; absent: all. */
  readonly length?: (candidate: string) => number;
}

const whole =
  (isPrivate: (candidate: string) => boolean) =>
  (candidate: string): number =>
    isPrivate(candidate) ? candidate.length : 0;

const BYTE = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;

/**
 * The forms in the order in which they are searched, the longer before those that may be a part of them. The boundaries
 * look at ASCII letters alone, because Chinese text has no space between a word and a number.
 */
export const PATTERNS: readonly Pattern[] = [
  {
    kind: 'key',
    form: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[^-]*-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----/g,
  },
  {
    // OpenAI, Anthropic, Hugging Face, GitHub, GitLab, AWS, Google, Slack, Stripe, Alibaba Cloud, JSON Web Tokens.
    kind: 'key',
    form: /(?<![\w-])(?:sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{35}|xox[abprs]-[\w-]{10,}|[rs]k_live_[A-Za-z0-9]{16,}|LTAI[A-Za-z0-9]{12,20}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})(?![\w-])/g,
    length: whole((token) => /\d/.test(token) && /[A-Za-z]/.test(token)),
  },
  {
    kind: 'email',
    form: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/g,
    // The user that all addresses of Git have.
    length: whole((address) => !address.startsWith('git@')),
  },
  {
    kind: 'iban',
    form: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,9}(?![A-Za-z0-9])/g,
    length: ibanLength,
  },
  {
    kind: 'id',
    form: /(?<![A-Za-z0-9_.])\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![A-Za-z0-9_]|\.\d)/g,
    length: whole(hasIdChecksum),
  },
  {
    kind: 'card',
    form: /(?<![\w.-])(?:\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|\d{4}[ -]?\d{6}[ -]?\d{5})(?![\w-]|\.\d)/g,
    length: whole(
      (number) => isCardNumber(number.replaceAll(/\D/g, '')) && hasLuhnDigit(number.replaceAll(/\D/g, '')),
    ),
  },
  {
    kind: 'ip',
    form: new RegExp(String.raw`(?<![\w.-])(?:${BYTE}\.){3}${BYTE}(?![\w-]|\.\d)`, 'g'),
    length: whole(isPublicAddress),
  },
  {
    // Only addresses that the whole internet knows: 2000::/3.
    kind: 'ip',
    form: /(?<![\w:.])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:.])/g,
    length: whole(isAddress6),
  },
  {
    // Mobile phones of China.
    kind: 'phone',
    form: /(?<![\w.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w]|\.\d)/g,
  },
  {
    // Numbers with the code of a country, and as the United States and China write those of a place.
    kind: 'phone',
    form: /(?<![\w.)+-])(?:\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}|\(\d{3}\) ?\d{3}[.-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|0\d{2,3}-\d{7,8})(?![\w-]|\.\d)/g,
  },
];

/** Whether an IPv4 address may be that of a person: not a network mask, nor in a range that is the same everywhere. */
function isPublicAddress(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  const isLocal = (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254);
  return a !== 0 && a !== 10 && a !== 127 && a < 224 && !isLocal;
}

/** Whether groups between colons are an IPv6 address: eight, or fewer with one gap. */
function isAddress6(address: string): boolean {
  const [head = '', tail, ...more] = address.split('::');
  if (more.length > 0) return false;
  const groups = [head, ...(tail === undefined || tail === '' ? [] : [tail])].join(':').split(':');
  if (groups.includes('')) return false;
  return tail === undefined ? groups.length === 8 : groups.length < 8;
}
