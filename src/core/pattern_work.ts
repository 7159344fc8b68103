/**
 * Whether a search for a regular expression takes time roughly proportional to the length of the text.
 *
 * JavaScript's engine backtracks and can't be interrupted. The number of attempts grows with the ways in which
 * unbounded repetitions can share the same letters. Patterns that split text for published tokenizers repeat single
 * characters, at most three times in a row. So the function refuses: a repetition of a group that contains any choice
 * (`(a+)+`, `(a|b)*`, `(a?b?)+`), more than three unbounded repetitions in a row, more than 65,536 ways through
 * optional and alternative parts (`a?a?a?…`), and a back-reference.
 *
 * @param source of a RegExp with the flag `u` or `v`
 */
export function isQuickPattern(source: string): boolean {
  return repetitionsOf(source) <= MOST_REPETITIONS;
}

/**
 * The most unbounded repetitions that follow each other in one match: with n of them, a search takes about the n-th
 * power of the text's length. Infinity for the other patterns that `isQuickPattern` refuses.
 *
 * @param source of a RegExp; without the flag `v`, a class must not have an unescaped bracket in it
 * @param reference how many repetitions a back-reference counts as
 */
export function repetitionsOf(source: string, reference = Infinity): number {
  try {
    const reader = new PatternReader(source, reference);
    const { repetitions, ways } = reader.alternatives();
    return reader.isDone && ways <= MOST_WAYS ? repetitions : Infinity;
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}

/** Most unbounded repetitions of one match. Each multiplies the ways to share a run of letters. */
const MOST_REPETITIONS = 3;
const MOST_WAYS = 65_536;
/** A repetition of a character counts as unbounded from this number of rounds on. */
const MANY_ROUNDS = 100;
/** Groups repeated at most this often are treated as if they were written out. */
const FEW_ROUNDS = 4;

/** How much work a part of a pattern can cause. */
interface Part {
  /** Unbounded repetitions in it. */
  readonly repetitions: number;
  /** Upper bound of the ways through its alternatives and optional parts, not counting repetitions. */
  readonly ways: number;
  /** Whether it can match in only one way at any place of a text. */
  readonly fixed: boolean;
}

/** A character, or nothing. */
const SINGLE: Part = { repetitions: 0, ways: 1, fixed: true };
const ENDLESS: Part = { repetitions: Infinity, ways: Infinity, fixed: false };

class PatternReader {
  readonly #source: string;
  readonly #reference: Part;
  #at = 0;
  #depth = 0;

  constructor(source: string, reference: number) {
    this.#source = source;
    this.#reference = { repetitions: reference, ways: 1, fixed: false };
  }

  get isDone(): boolean {
    return this.#at === this.#source.length;
  }

  /** Reads up to the end of the group: the most repetitions of one alternative, Infinity if one is not quick. */
  alternatives(): Part {
    if (this.#depth++ > 100) return ENDLESS;
    const all: Part[] = [];
    let one = SINGLE;
    while (!this.isDone && this.#source[this.#at] !== ')') {
      if (this.#source[this.#at] === '|') {
        this.#at++;
        all.push(one);
        one = SINGLE;
        continue;
      }
      const { repetitions, ways, fixed } = this.#quantified();
      one = {
        repetitions: one.repetitions + repetitions,
        ways: one.ways * ways,
        fixed: one.fixed && fixed,
      };
    }
    all.push(one);
    this.#depth--;
    return {
      repetitions: Math.max(...all.map(({ repetitions }) => repetitions)),
      ways: all.reduce((sum, { ways }) => sum + ways, 0),
      fixed: all.length === 1 && one.fixed,
    };
  }

  #quantified(): Part {
    const isGroup = this.#source[this.#at] === '(';
    const part = isGroup ? this.#group() : this.#character();
    const rounds = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#source.slice(this.#at, this.#at + 24))?.[0];
    if (rounds === undefined) return part;
    this.#at += rounds.length;
    if (this.#source[this.#at] === '?') this.#at++;
    const [, least = '0', comma, most = ''] = /^\{(\d+)(,?)(\d*)\}$/.exec(rounds) ?? [];
    const last =
      rounds === '?'
        ? 1
        : comma === undefined || (comma !== '' && most === '')
          ? Infinity
          : Number(most || least);
    const isExact = comma === '' && rounds.startsWith('{');
    if (isGroup && last > 1 && !(part.fixed && part.repetitions === 0)) {
      if (last > FEW_ROUNDS) return ENDLESS;
      return { repetitions: part.repetitions * last, ways: (part.ways + 1) ** last, fixed: false };
    }
    const isUnbounded = last > MANY_ROUNDS && !isExact;
    const rest = last - Number(rounds === '?' ? 0 : least);
    return {
      repetitions: part.repetitions + Number(isUnbounded),
      ways: isExact || isUnbounded ? part.ways : part.ways + rest,
      fixed: isExact && part.fixed,
    };
  }

  #group(): Part {
    const opening =
      /^\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/.exec(this.#source.slice(this.#at, this.#at + 80))?.[0] ?? '(';
    this.#at += opening.length;
    const inner = this.alternatives();
    if (this.#source[this.#at] !== ')') return ENDLESS;
    this.#at++;
    return inner;
  }

  /** A character, a class, an escape or an assertion of one character. */
  #character(): Part {
    const source = this.#source;
    const letter = source[this.#at];
    if (letter === '[') {
      let open = 0;
      do {
        if (source[this.#at] === '[') open++;
        if (source[this.#at] === ']') open--;
        this.#at += source[this.#at] === '\\' ? 2 : 1;
      } while (open > 0 && this.#at < source.length);
      return SINGLE;
    }
    if (letter !== '\\') {
      this.#at += String.fromCodePoint(source.codePointAt(this.#at) ?? 0).length;
      return SINGLE;
    }
    const escape =
      /^\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|k<[^>]*>|[1-9]\d*|c[A-Za-z]|[^])/u.exec(
        source.slice(this.#at, this.#at + 80),
      )?.[0];
    this.#at += escape?.length ?? 1;
    const isReference = /^\\(?:k<|[1-9])/.test(escape ?? '');
    return isReference ? this.#reference : SINGLE;
  }
}
