import { ONE_BYTE } from './alphabets';
import { strictlyDecoded } from './legacy_decoder';

/**
 * Some of the most frequent characters of Chinese, in both scripts, and its punctuation. A text read in a wrong encoding
 * has few of them, because it falls on characters at random.
 */
const CHINESE = new Set(
  '的一是不了在人有我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着著下自之年过過发發后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實日者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并物手应應向头頭文体體政美相见見被利什二等产產或新己制身果加话話合回特代内內信表化老给給世位次度门門任常先海通教原东東声聲提立及比员員解水名真论論处處走义義各入几口认認条條平系气氣题題活更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感建务務做接必场場件计計管期市直德资資命金指克许許快每吃喝请請谢謝答案字句词詞写寫让讓帮幫需改译譯英语語红紅黑白月星春夏秋冬東西南北。，、：；？！“”（）《》「」',
);

/** Some of the most frequent syllables of Korean. */
const KOREAN = new Set(
  '이다는을가의에고로하은를도지한서사기자어나리시그대해들라정부인수전상아스보일원주제과장여있게만면것안신비조성국구경으모소우마오와생연계무실회않요니까세습음너네두점공분방및때더할된되됩내였았했않학미중용위말동문',
);

interface Candidate {
  readonly label: string;
  /** The share of plausible characters among those beyond ASCII, 0 to 1. */
  readonly score: (text: string) => number;
}

const CANDIDATES: readonly Candidate[] = [
  { label: 'gb18030', score: shareOf((letter) => CHINESE.has(letter)) },
  { label: 'big5', score: shareOf((letter) => CHINESE.has(letter)) },
  { label: 'shift_jis', score: shareOf(isJapanese) },
  { label: 'euc-jp', score: shareOf(isJapanese) },
  { label: 'euc-kr', score: shareOf((letter) => KOREAN.has(letter)) },
  ...ONE_BYTE,
];

/** Least score of a likely encoding: running text has several times as much, and text in a wrong one a part of it. */
const LEAST = 0.15;

/**
 * The encodings other than Unicode's that a text may have, the likeliest first: its parts can be decoded, and much of it
 * is frequent in the languages that are written in the encoding.
 *
 * @param parts of the file's bytes, each of whole characters
 */
export function likelyEncodings(parts: readonly Uint8Array[]): string[] {
  return CANDIDATES.flatMap(({ label, score }) => {
    const texts = parts.map((part) => strictlyDecoded(label, part));
    const found = texts.includes(undefined) ? 0 : score(texts.join('\n'));
    return found < LEAST ? [] : [{ label, found }];
  })
    .sort((a, b) => b.found - a.found)
    .map(({ label }) => label);
}

function shareOf(isPlausible: (letter: string) => boolean): (text: string) => number {
  return (text) => {
    let [beyond, plausible] = [0, 0];
    for (const letter of text) {
      if (letter <= '\u007f') continue;
      beyond++;
      if (isPlausible(letter)) plausible++;
    }
    return plausible / Math.max(1, beyond);
  };
}

/** Kana and frequent characters; half-width kana are what other encodings look like. */
function isJapanese(letter: string): boolean {
  return (letter >= '\u3040' && letter <= '\u30ff') || CHINESE.has(letter);
}

/** Whether a character is frequent in running text of most languages. */
export function isFrequent(letter: string): boolean {
  return /[\t\n\r -~\u00a0-\u06ff\u0e00-\u0e7f]/.test(letter) || isJapanese(letter) || KOREAN.has(letter);
}
