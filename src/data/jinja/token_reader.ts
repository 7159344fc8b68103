import { JinjaError } from './errors';
import type { Token, TokenType } from './lexer';

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
    if (!token || !this.is(type, value)) throw this.unexpected(value ?? type);
    this.at++;
    return token;
  }

  protected unexpected(wanted?: string): JinjaError {
    const token = this.tokens[this.at];
    const found = token ? `${token.type} ${JSON.stringify(token.value)}` : 'the end';
    const instead = wanted === undefined ? '' : ` where ${JSON.stringify(wanted)} was expected`;
    return new JinjaError(`${found} stands${instead === '' ? ' where it can not' : instead}`, token?.line);
  }
}
