/** An encoding of one byte a character, which gives nearly all bytes a meaning, and the languages that are written in it. */
interface OneByte {
  readonly label: string;
  /** The small letters beyond ASCII of each language. */
  readonly languages: readonly string[];
  /** Least share of a text that the languages explain, and least number of its characters beyond ASCII. */
  readonly share: number;
  readonly count: number;
  /** Most such letters in a row, of which longer rows are in no language. */
  readonly row: number;
  /** Whether they stand beside ASCII letters. */
  readonly mixes: boolean;
}

/** Chinese in a wrong encoding looks like letters to 0.6, all in a row. */
const LATIN = { share: 0.75, count: 1, row: 2, mixes: true };
const CYRILLIC = { share: 0.95, count: 20, row: Infinity, mixes: false };

const ENCODINGS: readonly OneByte[] = [
  {
    label: 'windows-1252',
    languages: [
      'àâæçéèêëîïôœùûüÿ', // French
      'äöüß', // German
      'áéíñóúü', // Spanish
      'ãáàâçéêíõóôúü', // Portuguese
      'àèéìíîòóùú', // Italian
      'åäöæøéü', // Swedish, Danish, Norwegian, Finnish
      'áðéíóúýþæö', // Icelandic
      'ëïéèóöü', // Dutch
    ],
    ...LATIN,
  },
  {
    label: 'windows-1250',
    languages: [
      'ąćęłńóśźż', // Polish
      'áäčďéěíĺľňóôŕřšťúůýž', // Czech, Slovak
      'áéíóöőúüű', // Hungarian
      'ăâîşţ', // Romanian
      'čćđšž', // Croatian, Slovene
    ],
    ...LATIN,
  },
  { label: 'windows-1254', languages: ['çğıöşüâîû'], ...LATIN, row: 5 }, // Turkish
  {
    label: 'windows-1251',
    languages: ['абвгдеёжзийклмнопрстуфхцчшщъыьэюя', 'абвгдежзийклмнопрстуфхцчшщьюяєіїґ'], // Russian, Ukrainian
    ...CYRILLIC,
  },
];

/** Signs of many languages. */
const SIGNS = new Set('‘’“”„«»–—…€°£§¡¿©®·\u00a0');
/** The worth of a character that only another language of the encoding has. */
const OF_ANOTHER = 0.8;

/** Rows of letters that are looked at. */
const ROWS = 5000;

/** The encodings of one byte a character, with the share of a text that their languages explain: 0 if that tells nothing. */
export const ONE_BYTE = ENCODINGS.map((encoding) => ({
  label: encoding.label,
  score: (text: string): number => {
    const letters = smallLetters(text, encoding);
    const explained = letters.length < encoding.count ? 0 : explainedShare(letters, encoding.languages);
    return explained < encoding.share ? 0 : explained;
  },
}));

/** The share that one language explains, or the lesser worth of what all of them do together. */
function explainedShare(letters: readonly string[], languages: readonly string[]): number {
  const share = (known: ReadonlySet<string>): number =>
    letters.filter((letter) => known.has(letter) || SIGNS.has(letter)).length / letters.length;
  const one = Math.max(...languages.map((language) => share(new Set(language))));
  return Math.max(one, OF_ANOTHER * share(new Set(languages.join(''))));
}

/**
 * The characters beyond ASCII as small letters. Those that are in hardly any language become empty texts: letters in long
 * rows or at the wrong neighbours, and capitals and the signs before Spanish questions behind a letter.
 */
function smallLetters(text: string, { row: longest, mixes }: OneByte): readonly string[] {
  const found: string[] = [];
  let rows = 0;
  for (const { 0: row, index } of text.matchAll(/[^\0-\u007f]+/g)) {
    if (rows++ === ROWS) break;
    const isLong = row.length > longest && (/\p{L}+/u.exec(row)?.[0].length ?? 0) > longest;
    const isMixed = !mixes && /[A-Za-z]/.test(`${text[index - 1] ?? ''}${text[index + row.length] ?? ''}`);
    for (const [at, letter] of Array.from(row).entries()) {
      const small = letter.toLowerCase();
      const begins = letter !== small || letter === '¿' || letter === '¡';
      const isOdd = isLong || isMixed || (begins && /\p{L}/u.test(text[index + at - 1] ?? ''));
      found.push(isOdd ? '' : small);
    }
  }
  return found;
}
