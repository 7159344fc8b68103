/**
 * Whether a regular expression can be searched for in time near to the length of the text.
 *
 * JavaScript's engine tries one way of matching after the other and can't be stopped. How often it starts anew grows with
 * the ways in which unbounded repetitions can share the same letters. A pattern that splits text for a published tokenizer
 * repeats single characters, and at most three times in a row. So these are refused: a repetition of a group in which
 * there is any choice (`(a+)+`, `(a|b)*`, `(a?b?)+`), more than three unbounded repetitions that follow each other, and a
 * reference to what a group has found.
 *
 * @param source of a RegExp with the flag `u` or `v`
 */
export function isQuickPattern(source: string): boolean {
  try {
    const reader = new PatternReader(source);
    return reader.alternatives() <= MOST_REPETITIONS && reader.isDone;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Unbounded repetitions of one match. Each multiplies the ways to share a run of letters. */
const MOST_REPETITIONS = 3;
/** From so many rounds on a repetition of a character counts as unbounded. */
const MANY_ROUNDS = 100;
/** So many rounds of a group are written out at most. */
const FEW_ROUNDS = 4;

/** What a part of a pattern may do. */
interface Part {
  /** Unbounded repetitions in it. */
  readonly repetitions: number;
  /** Whether it matches in one way only at any place of a text. */
  readonly fixed: boolean;
}

class PatternReader {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #hasChoice = false;

  constructor(source: string) {
    this.#source = source;
  }

  get isDone(): boolean {
    return this.#at === this.#source.length;
  }

  /** Reads up to the end of the group; the most repetitions of one alternative, Infinity if one is not quick. */
  alternatives(): number {
    if (this.#depth++ > 100) return Infinity;
    let most = 0;
    let inOne = 0;
    let choice = false;
    while (!this.isDone && this.#source[this.#at] !== ')') {
      if (this.#source[this.#at] === '|') {
        this.#at++;
        most = Math.max(most, inOne);
        inOne = 0;
        choice = true;
        continue;
      }
      const part = this.#quantified();
      inOne += part.repetitions;
      choice ||= !part.fixed;
    }
    this.#hasChoice = choice;
    this.#depth--;
    return Math.max(most, inOne);
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
      return { repetitions: last <= FEW_ROUNDS ? part.repetitions * last : Infinity, fixed: false };
    }
    const unbounded = last > MANY_ROUNDS && !isExact ? 1 : 0;
    return { repetitions: part.repetitions + unbounded, fixed: isExact && part.fixed };
  }

  #group(): Part {
    const opening =
      /^\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/.exec(this.#source.slice(this.#at, this.#at + 80))?.[0] ?? '(';
    this.#at += opening.length;
    const repetitions = this.alternatives();
    const fixed = !this.#hasChoice;
    if (this.#source[this.#at] !== ')') return { repetitions: Infinity, fixed: false };
    this.#at++;
    return { repetitions, fixed };
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
      return { repetitions: 0, fixed: true };
    }
    if (letter !== '\\') {
      this.#at += String.fromCodePoint(source.codePointAt(this.#at) ?? 0).length;
      return { repetitions: 0, fixed: true };
    }
    const escape =
      /^\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|k<[^>]*>|[1-9]\d*|c[A-Za-z]|[^])/u.exec(
        source.slice(this.#at, this.#at + 80),
      )?.[0];
    this.#at += escape?.length ?? 1;
    const isReference = /^\\(?:k<|[1-9])/.test(escape ?? '');
    return { repetitions: isReference ? Infinity : 0, fixed: true };
  }
}
