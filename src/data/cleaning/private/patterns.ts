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

/** Words before a number of the same form as an address, which is no address. */
const OF_NUMBERS = String.raw`(?:version|ver\.?|release|build|firmware|section|chapter|§|版本号?|版|第)[ :：]{0,2}`;

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
    // Names in code have no capitals and few digits.
    length: whole((token) => /[A-Za-z]/.test(token) && /\d.*[A-Z]|[A-Z].*\d|(?:\d.*){4}/.test(token)),
  },
  {
    kind: 'email',
    form: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/g,
    // The user that all addresses of Git have, and the names that stand for others (RFC 2606).
    length: whole(
      (address) => !/^git@|[@.](?:example\.(?:com|net|org)|example|test|invalid)$/i.test(address),
    ),
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
    form: /(?<![\w.-])(?:(?:\d{4}[ -]?){3}\d{1,4}(?:[ -]?\d{1,3})?|\d{4}[ -]?\d{6}[ -]?\d{5})(?![\w-]|\.\d)/g,
    length: whole(
      (number) => isCardNumber(number.replaceAll(/\D/g, '')) && hasLuhnDigit(number.replaceAll(/\D/g, '')),
    ),
  },
  {
    kind: 'ip',
    form: new RegExp(String.raw`(?<![\w.-]|${OF_NUMBERS})(?:${BYTE}\.){3}${BYTE}(?![\w-]|\.\d)`, 'gi'),
    length: whole((address) => isPublicAddress(address) && !isNumbering(address)),
  },
  {
    // Only addresses that the whole internet knows: 2000::/3.
    kind: 'ip',
    form: /(?<![\w:.])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:.])/g,
    length: whole(isAddress6),
  },
  {
    // Mobile phones of China, of the ranges that are in use. A row of zeros, or a result, is a number.
    kind: 'phone',
    form: /(?<![\w.]|[\d)] ?[=≈] ?)(?:\+?86[ -]?)?1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])[ -]?\d{4}[ -]?\d{4}(?![\w]|\.\d|[ -]\d{1,6}(?!\d))/g,
    length: whole((number) => !number.endsWith('000000')),
  },
  {
    // Numbers with the code of a country, and as the United States and China write those of a place.
    kind: 'phone',
    form: /(?<![\w.)+-]|[+-]\d{1,3} )(?:\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}|\(\d{3}\) ?\d{3}[.-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|(?:0\d{2,3}-|\(0\d{2,3}\) ?)\d{7,8})(?![\w-]|\.\d)/g,
  },
  {
    // As France, the United Kingdom, Japan, Korea, Germany and Russia write them. Groups of only 0 and 1 are binary.
    kind: 'phone',
    form: /(?<![\w.)+-]|\d[ -])(?=[01() -]*[2-9])(?:0[1-9](?:([ .-])\d{2})(?:\1\d{2}){3}|0\d{2,4}([ -])\d{3,4}\2\d{4}|07\d{3} \d{6}|01[567]\d[ /-]\d{7,8}|8 ?\(9\d{2}\) ?\d{3}-\d{2}-?\d{2})(?![\w-]|\.\d|[ -]\d)/g,
  },
];

/** Whether an IPv4 address may be that of a person: not a network mask, nor in a range that is the same everywhere. */
function isPublicAddress(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  const isLocal = (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254);
  return a !== 0 && a !== 10 && a !== 127 && a < 224 && !isLocal;
}

/** Whether four numbers look like those of a section or a version, most of which have one digit. */
function isNumbering(address: string): boolean {
  return address.split('.').filter((number) => number.length === 1).length > 2;
}

/** Whether groups between colons are an IPv6 address: eight, or fewer with one gap. */
function isAddress6(address: string): boolean {
  const [head = '', tail, ...more] = address.split('::');
  if (more.length > 0) return false;
  const groups = [head, ...(tail === undefined || tail === '' ? [] : [tail])].join(':').split(':');
  if (groups.includes('')) return false;
  return tail === undefined ? groups.length === 8 : groups.length < 8;
}
