import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { TokenReader } from './token_reader';
import type { Arguments, BinaryOperator, Comparison, Expression, FilterExpression, Slice } from './syntax';

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];
/** Names of constants with their values; a template can't assign to them. */
export const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  ...{ true: true, True: true, false: false, False: false, none: null, None: null },
};

const NO_ARGUMENTS: Arguments = { positional: [], named: [] };

/** Parses expressions. The methods are in the order of precedence, the loosest binding first. */
export class ExpressionParser extends TokenReader {
  /** One expression, or several between commas as a tuple. */
  protected tuple(withCondition = true, ends: readonly string[] = []): Expression {
    const items: Expression[] = [];
    let several = false;
    while (!this.#tupleEnds(ends)) {
      items.push(withCondition ? this.expression() : this.or());
      if (!this.skip('operator', ',')) break;
      several = true;
    }
    const [first] = items;
    if (!first) throw this.unexpected(message('jinja_expression'));
    return several ? { type: 'tuple', items } : first;
  }

  #tupleEnds(ends: readonly string[]): boolean {
    if (this.is('variable end') || this.is('block end') || this.isOperator(')')) return true;
    const token = this.tokens[this.at];
    return token?.type === 'name' && ends.includes(token.value);
  }

  protected expression(): Expression {
    let then = this.or();
    while (this.skip('name', 'if')) {
      const test = this.or();
      const otherwise = this.skip('name', 'else') ? this.expression() : undefined;
      then = { type: 'conditional', test, then, otherwise };
    }
    return then;
  }

  protected or(): Expression {
    let left = this.#and();
    while (this.skip('name', 'or')) left = { type: 'logical', operator: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.skip('name', 'and')) left = { type: 'logical', operator: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    if (this.is('name', 'not') && !this.is('name', 'in', 1)) {
      this.at++;
      return { type: 'unary', operator: 'not', operand: this.#not() };
    }
    return this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: { operator: Comparison; operand: Expression }[] = [];
    for (;;) {
      if (this.isOperator(...COMPARISONS)) {
        const operator = this.expect('operator').value as Comparison;
        rest.push({ operator, operand: this.#sum() });
      } else if (this.skip('name', 'in')) {
        rest.push({ operator: 'in', operand: this.#sum() });
      } else if (this.is('name', 'not') && this.is('name', 'in', 1)) {
        this.at += 2;
        rest.push({ operator: 'not in', operand: this.#sum() });
      } else {
        return rest.length === 0 ? first : { type: 'compare', first, rest };
      }
    }
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const first = this.#product();
    const parts = [first];
    while (this.skip('operator', '~')) parts.push(this.#product());
    return parts.length === 1 ? first : { type: 'concat', parts };
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(['**'], () => this.#unary(true));
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    while (this.isOperator(...operators)) {
      const operator = this.expect('operator').value as BinaryOperator;
      left = { type: 'binary', operator, left, right: operand() };
    }
    return left;
  }

  #unary(withFilters: boolean): Expression {
    const sign = this.isOperator('-', '+') ? (this.expect('operator').value as '-' | '+') : undefined;
    const operand: Expression = sign
      ? { type: 'unary', operator: sign, operand: this.#unary(false) }
      : this.#primary();
    const followed = this.#postfix(operand);
    return withFilters ? this.#filtersAndTests(followed) : followed;
  }

  #primary(): Expression {
    const token = this.tokens[this.at++];
    switch (token?.type) {
      case 'name':
        if (Object.hasOwn(CONSTANTS, token.value))
          return { type: 'constant', value: CONSTANTS[token.value] ?? null };
        return { type: 'name', name: token.value };
      case 'string': {
        let { value } = token;
        while (this.is('string')) value += this.expect('string').value;
        return { type: 'constant', value };
      }
      case 'integer':
        return { type: 'constant', value: Number(token.value) };
      case 'float':
        return { type: 'constant', value: Number(token.value), float: true };
      default:
    }
    if (token?.type === 'operator' && token.value === '(') return this.#parenthesized();
    if (token?.type === 'operator' && token.value === '[') return this.#list();
    if (token?.type === 'operator' && token.value === '{') return this.#dict();
    this.at--;
    throw this.unexpected(message('jinja_expression'));
  }

  #parenthesized(): Expression {
    if (this.skip('operator', ')')) return { type: 'tuple', items: [] };
    const inner = this.tuple();
    this.expect('operator', ')');
    return inner;
  }

  #list(): Expression {
    const items: Expression[] = [];
    while (!this.isOperator(']')) {
      if (items.length > 0) this.expect('operator', ',');
      if (this.isOperator(']')) break;
      items.push(this.expression());
    }
    this.expect('operator', ']');
    return { type: 'list', items };
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.isOperator('}')) {
      if (entries.length > 0) this.expect('operator', ',');
      if (this.isOperator('}')) break;
      const key = this.expression();
      this.expect('operator', ':');
      entries.push([key, this.expression()]);
    }
    this.expect('operator', '}');
    return { type: 'dict', entries };
  }

  #postfix(object: Expression): Expression {
    let followed = object;
    for (;;) {
      if (this.skip('operator', '.')) {
        if (this.is('integer')) {
          const key = { type: 'constant', value: Number(this.expect('integer').value) } as const;
          followed = { type: 'item', object: followed, key };
        } else {
          followed = { type: 'attribute', object: followed, name: this.expect('name').value };
        }
      } else if (this.skip('operator', '[')) {
        const keys = [this.#subscript()];
        while (this.skip('operator', ',')) keys.push(this.#subscript());
        this.expect('operator', ']');
        const [key] = keys;
        if (!key || keys.length > 1) throw new JinjaError(message('jinja_unsupported', { feature: 'keys' }));
        followed = { type: 'item', object: followed, key };
      } else if (this.isOperator('(')) {
        followed = { type: 'call', callee: followed, arguments: this.#arguments() };
      } else {
        return followed;
      }
    }
  }

  #subscript(): Expression | Slice {
    const parts: (Expression | undefined)[] = [];
    let slice = false;
    for (;;) {
      const part = this.isOperator(':', ']', ',') ? undefined : this.expression();
      parts.push(part);
      if (!this.skip('operator', ':')) break;
      slice = true;
    }
    const [start, stop, step] = parts;
    if (slice && parts.length <= 3) return { type: 'slice', start, stop, step };
    if (!start || slice) throw this.unexpected(message('jinja_key'));
    return start;
  }

  #arguments(): Arguments {
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let rest: Expression | undefined;
    let namedRest: Expression | undefined;
    this.expect('operator', '(');
    for (let first = true; !this.isOperator(')'); first = false) {
      if (!first) this.expect('operator', ',');
      if (this.isOperator(')')) break;
      if (this.skip('operator', '*')) {
        rest = this.expression();
      } else if (this.skip('operator', '**')) {
        namedRest = this.expression();
      } else if (this.is('name') && this.is('operator', '=', 1)) {
        const name = this.expect('name').value;
        this.at++;
        named.push([name, this.expression()]);
      } else {
        if (named.length > 0 || rest || namedRest) throw this.unexpected(message('jinja_named_argument'));
        positional.push(this.expression());
      }
    }
    this.expect('operator', ')');
    return { positional, named, ...(rest && { rest }), ...(namedRest && { namedRest }) };
  }

  #filtersAndTests(operand: Expression): Expression {
    let followed = operand;
    for (;;) {
      if (this.isOperator('|')) followed = this.filters(followed, false) ?? followed;
      else if (this.skip('name', 'is')) followed = this.#test(followed);
      else if (this.isOperator('(')) {
        followed = { type: 'call', callee: followed, arguments: this.#arguments() };
      } else return followed;
    }
  }

  /** `| a | b(c)`; if `inline`, the first filter has no `|`. */
  protected filters(operand: Expression | undefined, inline: boolean): FilterExpression | undefined {
    let filter: FilterExpression | undefined;
    for (let first = inline; first || this.skip('operator', '|'); first = false) {
      let name = this.expect('name').value;
      while (this.skip('operator', '.')) name += `.${this.expect('name').value}`;
      const given = this.isOperator('(') ? this.#arguments() : NO_ARGUMENTS;
      filter = { type: 'filter', operand: filter ?? operand, name, arguments: given };
    }
    return filter;
  }

  #test(operand: Expression): Expression {
    const negated = this.skip('name', 'not');
    let name = this.expect('name').value;
    while (this.skip('operator', '.')) name += `.${this.expect('name').value}`;
    let given = NO_ARGUMENTS;
    if (this.isOperator('(')) {
      given = this.#arguments();
    } else if (this.#beginsArgument()) {
      given = { positional: [this.#postfix(this.#primary())], named: [] };
    }
    const test = { type: 'test', operand, name, arguments: given } as const;
    return negated ? { type: 'unary', operator: 'not', operand: test } : test;
  }

  #beginsArgument(): boolean {
    const token = this.tokens[this.at];
    if (token?.type === 'string' || token?.type === 'integer' || token?.type === 'float') return true;
    if (token?.type === 'operator') return token.value === '[' || token.value === '{';
    if (token?.type !== 'name' || ['else', 'or', 'and'].includes(token.value)) return false;
    if (token.value === 'is') throw new JinjaError(message('jinja_chained_tests'), token.line);
    return true;
  }
}
