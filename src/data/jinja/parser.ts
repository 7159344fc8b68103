import { JinjaError } from './errors';
import { tokenize, type Token, type TokenType } from './lexer';
import type {
  Arguments,
  BinaryOperator,
  Body,
  Comparison,
  Expression,
  FilterExpression,
  Parameter,
  Slice,
  Statement,
  Target,
} from './syntax';

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  ...{ true: true, True: true, false: false, False: false, none: null, None: null },
};

/**
 * Reads a template by Jinja's grammar (version 3.1), with loop controls and the `generation` blocks of transformers.
 * Throws JinjaError for what is malformed, and for tags that need other templates.
 */
export function parseTemplate(template: string): Body {
  return new Parser(tokenize(template)).template();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #loops = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  template(): Body {
    const body = this.#body([]);
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return body;
  }

  // --- tokens

  #is(type: TokenType, value?: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.type === type && (value === undefined || token.value === value);
  }

  #isOperator(...values: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    return token?.type === 'operator' && values.includes(token.value);
  }

  #skip(type: TokenType, value?: string): boolean {
    const found = this.#is(type, value);
    if (found) this.#at++;
    return found;
  }

  #expect(type: TokenType, value?: string): Token {
    const token = this.#tokens[this.#at];
    if (!token || !this.#is(type, value)) throw this.#unexpected(value ?? type);
    this.#at++;
    return token;
  }

  #unexpected(wanted?: string): JinjaError {
    const token = this.#tokens[this.#at];
    const found = token ? `${token.type} ${JSON.stringify(token.value)}` : 'the end';
    const instead = wanted === undefined ? '' : ` where ${JSON.stringify(wanted)} was expected`;
    return new JinjaError(`${found} stands${instead === '' ? ' where it can not' : instead}`, token?.line);
  }

  // --- statements

  /** Statements up to a tag with one of these names, which is left with its `{%` and name taken. */
  #body(ends: readonly string[]): Statement[] {
    const body: Statement[] = [];
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at++];
      if (token?.type === 'text') {
        body.push({ type: 'text', text: token.value });
      } else if (token?.type === 'variable begin') {
        body.push({ type: 'output', value: this.#tuple() });
        this.#expect('variable end');
      } else {
        const name = this.#tokens[this.#at];
        if (name?.type === 'name' && ends.includes(name.value)) return body;
        body.push(this.#statement());
      }
    }
    if (ends.length > 0) throw this.#unexpected(ends.join(', '));
    return body;
  }

  /** A body up to the tag with this name, which is taken as well. */
  #bodyUntil(end: string): Body {
    const body = this.#body([end]);
    this.#expect('name', end);
    this.#expect('block end');
    return body;
  }

  #statement(): Statement {
    const { value: tag, line } = this.#expect('name');
    switch (tag) {
      case 'if':
        return this.#if();
      case 'for':
        return this.#for();
      case 'set':
        return this.#set();
      case 'macro': {
        const name = this.#expect('name').value;
        const parameters = this.#parameters();
        this.#expect('block end');
        return {
          type: 'macro',
          name,
          parameters,
          body: this.#outsideLoops(() => this.#bodyUntil('endmacro')),
        };
      }
      case 'call': {
        const parameters = this.#isOperator('(') ? this.#parameters() : [];
        const call = this.#expression();
        if (call.type !== 'call') throw new JinjaError('{% call %} needs a call', line);
        this.#expect('block end');
        return {
          type: 'call block',
          call,
          parameters,
          body: this.#outsideLoops(() => this.#bodyUntil('endcall')),
        };
      }
      case 'filter': {
        const filter = this.#filters(undefined, true);
        if (!filter) throw this.#unexpected('a filter');
        this.#expect('block end');
        return { type: 'filter block', filter, body: this.#bodyUntil('endfilter') };
      }
      case 'with':
        return this.#with();
      case 'generation':
        this.#expect('block end');
        return { type: 'generation', body: this.#bodyUntil('endgeneration') };
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw new JinjaError(`{% ${tag} %} stands outside of a loop`, line);
        this.#expect('block end');
        return { type: tag };
      default:
        throw new JinjaError(`the tag {% ${tag} %} is not supported`, line);
    }
  }

  #outsideLoops<T>(parse: () => T): T {
    const loops = this.#loops;
    this.#loops = 0;
    const parsed = parse();
    this.#loops = loops;
    return parsed;
  }

  #if(): Statement {
    const branches: { test: Expression; body: Body }[] = [];
    let otherwise: Body = [];
    for (;;) {
      const test = this.#tuple(false);
      this.#expect('block end');
      branches.push({ test, body: this.#body(['elif', 'else', 'endif']) });
      const { value } = this.#expect('name');
      if (value === 'elif') continue;
      if (value === 'else') {
        this.#expect('block end');
        otherwise = this.#bodyUntil('endif');
      } else {
        this.#expect('block end');
      }
      return { type: 'if', branches, otherwise };
    }
  }

  #for(): Statement {
    const target = this.#targets(['in']);
    this.#expect('name', 'in');
    const iterable = this.#tuple(false, ['recursive']);
    const test = this.#skip('name', 'if') ? this.#expression() : undefined;
    if (this.#is('name', 'recursive')) throw new JinjaError('recursive loops are not supported');
    this.#expect('block end');
    this.#loops++;
    const body = this.#body(['endfor', 'else']);
    this.#loops--;
    const isElse = this.#expect('name').value === 'else';
    this.#expect('block end');
    const otherwise = isElse ? this.#bodyUntil('endfor') : [];
    return { type: 'for', target, iterable, test, body, otherwise };
  }

  #set(): Statement {
    const target = this.#targets([]);
    if (this.#skip('operator', '=')) {
      const value = this.#tuple();
      this.#expect('block end');
      return { type: 'set', target, value };
    }
    const filter = this.#filters(undefined, false);
    this.#expect('block end');
    return { type: 'set block', target, filter, body: this.#bodyUntil('endset') };
  }

  #with(): Statement {
    const values: { target: Target; value: Expression }[] = [];
    while (!this.#is('block end')) {
      if (values.length > 0) this.#expect('operator', ',');
      const target = this.#target();
      this.#expect('operator', '=');
      values.push({ target, value: this.#expression() });
    }
    this.#expect('block end');
    return { type: 'with', values, body: this.#bodyUntil('endwith') };
  }

  #targets(ends: readonly string[]): Target {
    const targets = [this.#target()];
    let several = false;
    while (this.#skip('operator', ',')) {
      several = true;
      const token = this.#tokens[this.#at];
      if (token?.type === 'block end' || this.#isOperator('=') || ends.includes(token?.value ?? '')) break;
      targets.push(this.#target());
    }
    const [first] = targets;
    return several || !first ? { type: 'targets', targets } : first;
  }

  #target(): Target {
    if (this.#skip('operator', '(')) {
      const inner = this.#targets([]);
      this.#expect('operator', ')');
      return inner;
    }
    const name = this.#expect('name').value;
    if (Object.hasOwn(CONSTANTS, name)) throw new JinjaError(`${name} can't be assigned to`);
    if (!this.#skip('operator', '.')) return { type: 'name', name };
    return { type: 'field', object: name, name: this.#expect('name').value };
  }

  #parameters(): readonly Parameter[] {
    const parameters: Parameter[] = [];
    this.#expect('operator', '(');
    while (!this.#isOperator(')')) {
      if (parameters.length > 0) this.#expect('operator', ',');
      const name = this.#expect('name').value;
      const otherwise = this.#skip('operator', '=') ? this.#expression() : undefined;
      if (otherwise === undefined && parameters.at(-1)?.otherwise !== undefined) {
        throw new JinjaError(`the parameter ${name} needs a default`);
      }
      parameters.push({ name, otherwise });
    }
    this.#expect('operator', ')');
    return parameters;
  }

  // --- expressions, the loosest first

  /** One expression, or several between commas as a tuple. */
  #tuple(withCondition = true, ends: readonly string[] = []): Expression {
    const items: Expression[] = [];
    let several = false;
    while (!this.#tupleEnds(ends)) {
      items.push(withCondition ? this.#expression() : this.#or());
      if (!this.#skip('operator', ',')) break;
      several = true;
    }
    const [first] = items;
    if (!first) throw this.#unexpected('an expression');
    return several ? { type: 'tuple', items } : first;
  }

  #tupleEnds(ends: readonly string[]): boolean {
    if (this.#is('variable end') || this.#is('block end') || this.#isOperator(')')) return true;
    const token = this.#tokens[this.#at];
    return token?.type === 'name' && ends.includes(token.value);
  }

  #expression(): Expression {
    let then = this.#or();
    while (this.#skip('name', 'if')) {
      const test = this.#or();
      const otherwise = this.#skip('name', 'else') ? this.#expression() : undefined;
      then = { type: 'conditional', test, then, otherwise };
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#skip('name', 'or')) left = { type: 'logical', operator: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#skip('name', 'and')) left = { type: 'logical', operator: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    if (this.#is('name', 'not') && !this.#is('name', 'in', 1)) {
      this.#at++;
      return { type: 'unary', operator: 'not', operand: this.#not() };
    }
    return this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: { operator: Comparison; operand: Expression }[] = [];
    for (;;) {
      if (this.#isOperator(...COMPARISONS)) {
        const operator = this.#expect('operator').value as Comparison;
        rest.push({ operator, operand: this.#sum() });
      } else if (this.#skip('name', 'in')) {
        rest.push({ operator: 'in', operand: this.#sum() });
      } else if (this.#is('name', 'not') && this.#is('name', 'in', 1)) {
        this.#at += 2;
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
    while (this.#skip('operator', '~')) parts.push(this.#product());
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
    while (this.#isOperator(...operators)) {
      const operator = this.#expect('operator').value as BinaryOperator;
      left = { type: 'binary', operator, left, right: operand() };
    }
    return left;
  }

  #unary(withFilters: boolean): Expression {
    const sign = this.#isOperator('-', '+') ? (this.#expect('operator').value as '-' | '+') : undefined;
    const operand: Expression = sign
      ? { type: 'unary', operator: sign, operand: this.#unary(false) }
      : this.#primary();
    const followed = this.#postfix(operand);
    return withFilters ? this.#filtersAndTests(followed) : followed;
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at++];
    switch (token?.type) {
      case 'name':
        if (Object.hasOwn(CONSTANTS, token.value))
          return { type: 'constant', value: CONSTANTS[token.value] ?? null };
        return { type: 'name', name: token.value };
      case 'string': {
        let { value } = token;
        while (this.#is('string')) value += this.#expect('string').value;
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
    this.#at--;
    throw this.#unexpected('an expression');
  }

  #parenthesized(): Expression {
    if (this.#skip('operator', ')')) return { type: 'tuple', items: [] };
    const inner = this.#tuple();
    this.#expect('operator', ')');
    return inner;
  }

  #list(): Expression {
    const items: Expression[] = [];
    while (!this.#isOperator(']')) {
      if (items.length > 0) this.#expect('operator', ',');
      if (this.#isOperator(']')) break;
      items.push(this.#expression());
    }
    this.#expect('operator', ']');
    return { type: 'list', items };
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#isOperator('}')) {
      if (entries.length > 0) this.#expect('operator', ',');
      if (this.#isOperator('}')) break;
      const key = this.#expression();
      this.#expect('operator', ':');
      entries.push([key, this.#expression()]);
    }
    this.#expect('operator', '}');
    return { type: 'dict', entries };
  }

  #postfix(object: Expression): Expression {
    let followed = object;
    for (;;) {
      if (this.#skip('operator', '.')) {
        if (this.#is('integer')) {
          const key = { type: 'constant', value: Number(this.#expect('integer').value) } as const;
          followed = { type: 'item', object: followed, key };
        } else {
          followed = { type: 'attribute', object: followed, name: this.#expect('name').value };
        }
      } else if (this.#skip('operator', '[')) {
        const keys = [this.#subscript()];
        while (this.#skip('operator', ',')) keys.push(this.#subscript());
        this.#expect('operator', ']');
        const [key] = keys;
        if (!key || keys.length > 1)
          throw new JinjaError('several keys in one pair of brackets are not supported');
        followed = { type: 'item', object: followed, key };
      } else if (this.#isOperator('(')) {
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
      const part = this.#isOperator(':', ']', ',') ? undefined : this.#expression();
      parts.push(part);
      if (!this.#skip('operator', ':')) break;
      slice = true;
    }
    const [start, stop, step] = parts;
    if (slice && parts.length <= 3) return { type: 'slice', start, stop, step };
    if (!start || slice) throw this.#unexpected('a key');
    return start;
  }

  #arguments(): Arguments {
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let rest: Expression | undefined;
    let namedRest: Expression | undefined;
    this.#expect('operator', '(');
    for (let first = true; !this.#isOperator(')'); first = false) {
      if (!first) this.#expect('operator', ',');
      if (this.#isOperator(')')) break;
      if (this.#skip('operator', '*')) {
        rest = this.#expression();
      } else if (this.#skip('operator', '**')) {
        namedRest = this.#expression();
      } else if (this.#is('name') && this.#is('operator', '=', 1)) {
        const name = this.#expect('name').value;
        this.#at++;
        named.push([name, this.#expression()]);
      } else {
        if (named.length > 0 || rest || namedRest) throw this.#unexpected('a named argument');
        positional.push(this.#expression());
      }
    }
    this.#expect('operator', ')');
    return { positional, named, ...(rest && { rest }), ...(namedRest && { namedRest }) };
  }

  #filtersAndTests(operand: Expression): Expression {
    let followed = operand;
    for (;;) {
      if (this.#isOperator('|')) followed = this.#filters(followed, false) ?? followed;
      else if (this.#skip('name', 'is')) followed = this.#test(followed);
      else if (this.#isOperator('(')) {
        followed = { type: 'call', callee: followed, arguments: this.#arguments() };
      } else return followed;
    }
  }

  /** `| a | b(c)`; where it starts inline, the first filter has no `|`. */
  #filters(operand: Expression | undefined, inline: boolean): FilterExpression | undefined {
    let filter: FilterExpression | undefined;
    for (let first = inline; first || this.#skip('operator', '|'); first = false) {
      let name = this.#expect('name').value;
      while (this.#skip('operator', '.')) name += `.${this.#expect('name').value}`;
      const given = this.#isOperator('(') ? this.#arguments() : NO_ARGUMENTS;
      filter = { type: 'filter', operand: filter ?? operand, name, arguments: given };
    }
    return filter;
  }

  #test(operand: Expression): Expression {
    const negated = this.#skip('name', 'not');
    let name = this.#expect('name').value;
    while (this.#skip('operator', '.')) name += `.${this.#expect('name').value}`;
    let given = NO_ARGUMENTS;
    if (this.#isOperator('(')) {
      given = this.#arguments();
    } else if (this.#beginsArgument()) {
      given = { positional: [this.#postfix(this.#primary())], named: [] };
    }
    const test = { type: 'test', operand, name, arguments: given } as const;
    return negated ? { type: 'unary', operator: 'not', operand: test } : test;
  }

  #beginsArgument(): boolean {
    const token = this.#tokens[this.#at];
    if (token?.type === 'string' || token?.type === 'integer' || token?.type === 'float') return true;
    if (token?.type === 'operator') return token.value === '[' || token.value === '{';
    if (token?.type !== 'name' || ['else', 'or', 'and'].includes(token.value)) return false;
    if (token.value === 'is') throw new JinjaError('tests with "is" can not be chained', token.line);
    return true;
  }
}

const NO_ARGUMENTS: Arguments = { positional: [], named: [] };
