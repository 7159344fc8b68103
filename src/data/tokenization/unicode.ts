/**
 * Python's `tokenizers` has its own Unicode tables; those of a JavaScript engine may be older or newer. This file
 * reproduces tokenizers 0.23: regular expressions of Unicode 16, and normalisation of a far older version.
 * `tests/tokenizers/unicode.py` measures both.
 */

/**
 * Code points that were assigned (or moved to another category) after Unicode 14, each range with the general category
 * that the regular expressions see: `-` if they treat it as unassigned.
 */
const RECENT =
  '295Ll 88f- 897M c5c- cdc- cf3M eceM 1acf-1add- 1ae0-1aeb- 1b4e-1b4fP 1b7fP 1c89Lu 1c8aLl 20c1- 2427-2429S 2b96- ' +
  '2ffc-2fffS 31e4-31e5S 31efS a7cb-a7ccLu a7cdLl a7ce-a7cf- a7d2- a7d4- a7daLu a7dbLl a7dcLu a7f1- fbc3-fbd2- ' +
  'fd90-fd91- fdc8-fdce- 105c0-105f3Lo 10940-10959- 10d40-10d49N 10d4a-10d4dLo 10d4eLm 10d4fLo 10d50-10d65Lu ' +
  '10d69-10d6dM 10d6eP 10d6fLm 10d70-10d85Ll 10d8e-10d8fS 10ec2-10ec4Lo 10ec5-10ec7- 10ed0-10ed8- 10efa-10efb- ' +
  '10efc-10effM 1123f-11240Lo 11241M 11380-11389Lo 1138bLo 1138eLo 11390-113b5Lo 113b7Lo 113b8-113c0M 113c2M 113c5M ' +
  '113c7-113caM 113cc-113d0M 113d1Lo 113d2M 113d3Lo 113d4-113d5P 113d7-113d8P 113e1-113e2M 116d0-116e3N ' +
  '11b00-11b09P 11b60-11b67- 11bc0-11be0Lo 11be1P 11bf0-11bf9N 11db0-11ddb- 11de0-11de9- 11f00-11f01M 11f02Lo 11f03M ' +
  '11f04-11f10Lo 11f12-11f33Lo 11f34-11f3aM 11f3e-11f42M 11f43-11f4fP 11f50-11f59N 11f5aM 1342fLo 13439-1343f- 13440M ' +
  '13441-13446Lo 13447-13455M 13460-143faLo 16100-1611dLo 1611e-1612fM 16130-16139N 16d40-16d42Lm 16d43-16d6aLo ' +
  '16d6b-16d6cLm 16d6d-16d6fP 16d70-16d79N 16ea0-16eb8- 16ebb-16ed3- 16ff2-16ff6- 187f8-187ff- 18cffLo 18d09-18d1e- ' +
  '18d80-18df2- 1b132Lo 1b155Lo 1cc00-1ccefS 1ccf0-1ccf9N 1ccfa-1ccfc- 1cd00-1ceb3S 1ceba-1ced0- 1cee0-1cef0- ' +
  '1d2c0-1d2d3N 1df25-1df2aLl 1e030-1e06dLm 1e08fM 1e4d0-1e4eaLo 1e4ebLm 1e4ec-1e4efM 1e4f0-1e4f9N 1e5d0-1e5edLo ' +
  '1e5ee-1e5efM 1e5f0Lo 1e5f1-1e5faN 1e5ffP 1e6c0-1e6de- 1e6e0-1e6f5- 1e6fe-1e6ff- 1f6d8- 1f6dcS 1f774-1f776S ' +
  '1f777-1f77a- 1f77b-1f77fS 1f7d9S 1f8b2-1f8bbS 1f8c0-1f8c1S 1f8d0-1f8d8- 1fa54-1fa57- 1fa75-1fa77S 1fa87-1fa89S ' +
  '1fa8a- 1fa8e- 1fa8fS 1faad-1faafS 1fabb-1fabfS 1fac6S 1fac8- 1facd- 1face-1facfS 1fada-1fadcS 1fadfS 1fae8-1fae9S ' +
  '1faea- 1faef- 1faf7-1faf8S 1fbcb-1fbefS 1fbfa- 2b739Lo 2b73a-2b73f- 2cea2-2cead- 2ebf0-2ee5dLo 31350-323afLo ' +
  '323b0-33479-';

/** For each category, a character that every engine knows, in one and in two UTF-16 units. */
const STAND_INS: Readonly<Record<string, readonly [string, string]>> = {
  Lu: ['A', '\u{10400}'],
  Ll: ['a', '\u{10428}'],
  Lm: ['\u02b0', '\u{16b40}'],
  Lo: ['\u00aa', '\u{10300}'],
  M: ['\u0300', '\u{1d167}'],
  N: ['0', '\u{1d7ce}'],
  P: ['!', '\u{10100}'],
  S: ['$', '\u{1d100}'],
  '-': ['\u0378', '\u{e0fff}'],
};

const recent = RECENT.split(' ').map((range) => {
  const [, first = '', last = first, category = ''] = /^([\da-f]+)(?:-([\da-f]+))?(\D*|-)$/.exec(range) ?? [];
  return { first: parseInt(first, 16), last: parseInt(last, 16), category };
});

const anyRecent = new RegExp(
  `[${recent.map(({ first, last }) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join('')}]`,
  'gu',
);

/**
 * Replaces characters so that each has, in any JavaScript engine, the general category that Python's regular
 * expressions see. The length stays the same. Use the result only to find matches of a pattern.
 */
export function withKnownCategories(text: string): string {
  return text.replace(anyRecent, (character) => {
    const point = character.codePointAt(0) ?? 0;
    const category = recent.find(({ first, last }) => first <= point && point <= last)?.category ?? '-';
    return STAND_INS[category]?.[character.length - 1] ?? character;
  });
}

/**
 * Marks and letters that are newer than the normaliser's tables. It neither reorders nor composes them, so the text
 * between two of them is normalised on its own.
 */
const UNKNOWN_TO_NORMALIZER = (() => {
  const ranges =
    '7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1add 1ae0-1aeb 1df6-1dfa a82c 105d2 105da 10d24-10d27 10d69-10d6d ' +
    '10eab-10eac 10efa-10efb 10efd-10eff 10f46-10f50 10f82-10f85 11070 11382 11384 1138b 11390 113b8 113bb 113c2 113c9 ' +
    '113ce-113d0 1133b 1145e 11839-1183a 11930 11935 1193d-1193e 11943 119e0 11a34 11a47 11a99 11d42 11d44-11d45 11d97 ' +
    '11f41-11f42 1611e-16120 16129 1612f 16d63 16d67 16ff0-16ff1 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef ' +
    '1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5';
  const escaped = ranges.replace(/[\da-f]+/g, (point) => `\\u{${point}}`).replaceAll(' ', '');
  return new RegExp(`([${escaped}])`, 'u');
})();

export type NormalizationForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Unicode normalisation by the tables of Python's `tokenizers`. */
export function normalizeAs(form: NormalizationForm, text: string): string {
  if (!UNKNOWN_TO_NORMALIZER.test(text)) return text.normalize(form);
  const parts = text.split(UNKNOWN_TO_NORMALIZER); // every second one is such a character
  return parts.map((part, index) => (index % 2 === 1 ? part : part.normalize(form))).join('');
}
