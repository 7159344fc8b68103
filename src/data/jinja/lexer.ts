import { message } from '../../core/messages/message';
import { JinjaError, PYTHON_SPACE } from './errors';
import { strip } from './text_methods';

export type TokenType =
  | 'text'
  | 'block begin'
  | 'block end'
  | 'variable begin'
  | 'variable end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator';

export interface Token {
  readonly type: TokenType;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

const SPACES = new RegExp(`${PYTHON_SPACE}*`, 'y');
const ONLY_SPACES = new RegExp(`^${PYTHON_SPACE}+$`);
const RAW = new RegExp(`\\{%([-+]?)${PYTHON_SPACE}*raw${PYTHON_SPACE}*(?:-%\\}${PYTHON_SPACE}*|%\\})`, 'y');
const END_RAW = new RegExp(
  `\\{%([-+]?)${PYTHON_SPACE}*endraw${PYTHON_SPACE}*(?:\\+%\\}|-%\\}${PYTHON_SPACE}*|%\\}\\n?)`,
  'g',
);
const COMMENT_END = new RegExp(`\\+#\\}|-#\\}${PYTHON_SPACE}*|#\\}\\n?`, 'g');
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}${PYTHON_SPACE}*|%\\}\\n?`, 'y');
const VARIABLE_END = new RegExp(`-\\}\\}${PYTHON_SPACE}*|\\}\\}`, 'y');
const FLOAT = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{L}\p{N}\p{M}_]+/uy;
const STRING = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+*/%~|,:;.=<>()[\]{}]/y;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Splits a template into tokens as Jinja does with `trim_blocks` and `lstrip_blocks`. */
export function tokenize(template: string): readonly Token[] {
  const source = template.replace(/\r\n|\r/g, '\n').replace(/\n$/, '');
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let counted = 0;
  /** Whether the preceding text ended with a line break, so that a block after it is at the start of a line. */
  let lineStarts = true;

  const lineAt = (offset: number): number => {
    for (; counted < offset; counted++) if (source[counted] === '\n') line++;
    return line;
  };
  const push = (type: TokenType, value: string, offset: number): void => {
    tokens.push({ type, value, line: lineAt(offset) });
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  /** A text before a tag, without the white space that signs and `lstrip_blocks` remove. */
  const before = (text: string, sign: string, isBlock: boolean): string => {
    if (sign === '-') return strip(text, undefined, false, true);
    if (sign === '+' || !isBlock) return text;
    const start = text.lastIndexOf('\n') + 1;
    return (start > 0 || lineStarts) && ONLY_SPACES.test(text.slice(start)) ? text.slice(0, start) : text;
  };
  const consume = (end: number): void => {
    lineStarts = end > at ? source[end - 1] === '\n' : lineStarts;
    at = end;
  };

  while (at < source.length) {
    const begin = source.slice(at).search(/\{[{%#]/);
    const open = begin < 0 ? source.length : at + begin;
    const kind = source[open + 1];
    const signed = source[open + 2] ?? '';
    const sign = signed === '-' || signed === '+' ? signed : '';
    const text = begin < 0 ? source.slice(at) : before(source.slice(at, open), sign, kind !== '{');
    if (text !== '') push('text', text, at);
    if (begin < 0) break;
    RAW.lastIndex = open;
    const raw = RAW.exec(source)?.[0];
    if (raw !== undefined) {
      consume(open + raw.length);
      END_RAW.lastIndex = at;
      const end = END_RAW.exec(source);
      if (!end) throw new JinjaError(message('jinja_unclosed', { part: '{% raw %}' }), lineAt(open));
      const kept = before(source.slice(at, end.index), end[1] ?? '', true);
      if (kept !== '') push('text', kept, at);
      consume(end.index + end[0].length);
      continue;
    }
    consume(open + 2 + sign.length);
    if (kind === '#') {
      COMMENT_END.lastIndex = at;
      const end = COMMENT_END.exec(source);
      if (!end) throw new JinjaError(message('jinja_unclosed', { part: '{#' }), lineAt(open));
      consume(end.index + end[0].length);
      continue;
    }
    tag(kind === '%' ? 'block' : 'variable', open);
  }
  return tokens;

  function tag(kind: 'block' | 'variable', open: number): void {
    push(`${kind} begin`, '', open);
    const closing = kind === 'block' ? BLOCK_END : VARIABLE_END;
    const brackets: string[] = [];
    for (;;) {
      at += match(SPACES)?.length ?? 0;
      if (at >= source.length)
        throw new JinjaError(
          message('jinja_unclosed', { part: kind === 'block' ? '{%' : '{{' }),
          lineAt(open),
        );
      const end = brackets.length === 0 ? match(closing) : undefined;
      if (end !== undefined) {
        push(`${kind} end`, '', at);
        consume(at + end.length);
        return;
      }
      inner(brackets);
    }
  }

  function inner(brackets: string[]): void {
    const float = source[at - 1] === '.' ? undefined : match(FLOAT);
    const integer = float ?? match(INTEGER);
    const word = integer ?? match(NAME);
    const quoted = word ?? match(STRING);
    const found = quoted ?? match(OPERATOR);
    if (found === undefined) {
      throw new JinjaError(
        message('jinja_unexpected', { found: JSON.stringify(source[at]), wanted: [] }),
        lineAt(at),
      );
    }
    if (float !== undefined) push('float', found.replaceAll('_', ''), at);
    else if (integer !== undefined) push('integer', found.replaceAll('_', ''), at);
    else if (word !== undefined) push('name', found, at);
    else if (quoted !== undefined) push('string', unescape(found.slice(1, -1)), at);
    else {
      if (found in CLOSING) brackets.push(CLOSING[found] ?? '');
      else if ((found === ')' || found === ']' || found === '}') && brackets.pop() !== found) {
        throw new JinjaError(message('jinja_unexpected', { found, wanted: [] }), lineAt(at));
      }
      push('operator', found, at);
    }
    at += found.length;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{
    n: '\n',
    t: '\t',
    r: '\r',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
    '\\': '\\',
    "'": "'",
    '"': '"',
    '\n': '',
  },
};

/** Reads Python's escapes; a backslash before anything else stays. */
function unescape(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      if (other === 'x' || other === 'u' || other === 'U' || other === 'N') {
        throw new JinjaError(message('jinja_escape', { escape: whole }));
      }
      return ESCAPES[other ?? ''] ?? whole;
    },
  );
}
