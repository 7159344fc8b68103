import { message, type Message } from '../../core/messages/message';
import { JinjaError } from './errors';
import type { Token, TokenType } from './lexer';

/** A token of each type, as an error names it. */
const SHOWN: Readonly<Record<TokenType, string | Message>> = {
  text: message('jinja_text'),
  'block begin': '{%',
  'block end': '%}',
  'variable begin': '{{',
  'variable end': '}}',
  name: message('jinja_name'),
  string: message('jinja_text'),
  integer: message('jinja_number'),
  float: message('jinja_number'),
  operator: message('jinja_operator'),
};

/** Goes through the tokens of a template. */
export class TokenReader {
  protected readonly tokens: readonly Token[];
  protected at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  protected is(type: TokenType, value?: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token?.type === type && (value === undefined || token.value === value);
  }

  protected isOperator(...values: readonly string[]): boolean {
    const token = this.tokens[this.at];
    return token?.type === 'operator' && values.includes(token.value);
  }

  protected skip(type: TokenType, value?: string): boolean {
    const found = this.is(type, value);
    if (found) this.at++;
    return found;
  }

  protected expect(type: TokenType, value?: string): Token {
    const token = this.tokens[this.at];
    if (!token || !this.is(type, value))
      throw this.unexpected(value === undefined ? SHOWN[type] : JSON.stringify(value));
    this.at++;
    return token;
  }

  /** @param wanted in words, or as the template would write it */
  protected unexpected(...wanted: readonly (string | Message)[]): JinjaError {
    const token = this.tokens[this.at];
    const found = token ? foundText(token) : message('jinja_end');
    return new JinjaError(message('jinja_unexpected', { found, wanted }), token?.line);
  }
}

/** Letters of a token that an error quotes at most. */
const MOST_QUOTED = 40;

function foundText({ type, value }: Token): string | Message {
  return value === '' ? SHOWN[type] : JSON.stringify(value.slice(0, MOST_QUOTED));
}
