import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { CONSTANTS, ExpressionParser } from './expression_parser';
import { tokenize } from './lexer';
import type { Body, Expression, Parameter, Statement, Target } from './syntax';

/**
 * Reads a template by Jinja's grammar (version 3.1), with loop controls and the `generation` blocks of transformers.
 * Throws JinjaError if the template is malformed or has tags that need other templates.
 */
export function parseTemplate(template: string): Body {
  return new Parser(tokenize(template)).template();
}

/** Parses statements. */
class Parser extends ExpressionParser {
  #loops = 0;

  template(): Body {
    const body = this.#body([]);
    if (this.at < this.tokens.length) throw this.unexpected();
    return body;
  }

  /** Parses statements up to a tag with one of these names. It has then read the tag's `{%` and name. */
  #body(ends: readonly string[]): Statement[] {
    const body: Statement[] = [];
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at++];
      if (token?.type === 'text') {
        body.push({ type: 'text', text: token.value });
      } else if (token?.type === 'variable begin') {
        body.push({ type: 'output', value: this.tuple() });
        this.expect('variable end');
      } else {
        const name = this.tokens[this.at];
        if (name?.type === 'name' && ends.includes(name.value)) return body;
        body.push(this.#statement());
      }
    }
    if (ends.length > 0) throw this.unexpected(...ends.map((end) => JSON.stringify(end)));
    return body;
  }

  /** Parses a body up to and including the tag with this name. */
  #bodyUntil(end: string): Body {
    const body = this.#body([end]);
    this.expect('name', end);
    this.expect('block end');
    return body;
  }

  #statement(): Statement {
    const { value: tag, line } = this.expect('name');
    switch (tag) {
      case 'if':
        return this.#if();
      case 'for':
        return this.#for();
      case 'set':
        return this.#set();
      case 'macro': {
        const name = this.expect('name').value;
        const parameters = this.#parameters();
        this.expect('block end');
        return {
          type: 'macro',
          name,
          parameters,
          body: this.#outsideLoops(() => this.#bodyUntil('endmacro')),
        };
      }
      case 'call': {
        const parameters = this.isOperator('(') ? this.#parameters() : [];
        const call = this.expression();
        if (call.type !== 'call')
          throw new JinjaError(message('jinja_needs', { what: '{% call %}', wanted: 'call' }), line);
        this.expect('block end');
        return {
          type: 'call block',
          call,
          parameters,
          body: this.#outsideLoops(() => this.#bodyUntil('endcall')),
        };
      }
      case 'filter': {
        const filter = this.filters(undefined, true);
        if (!filter) throw this.unexpected(message('jinja_filter'));
        this.expect('block end');
        return { type: 'filter block', filter, body: this.#bodyUntil('endfilter') };
      }
      case 'with':
        return this.#with();
      case 'generation':
        this.expect('block end');
        return { type: 'generation', body: this.#bodyUntil('endgeneration') };
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw new JinjaError(message('jinja_outside_loop', { tag }), line);
        this.expect('block end');
        return { type: tag };
      default:
        throw new JinjaError(message('jinja_unsupported', { feature: 'tag', name: `{% ${tag} %}` }), line);
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
      const test = this.tuple(false);
      this.expect('block end');
      branches.push({ test, body: this.#body(['elif', 'else', 'endif']) });
      const { value } = this.expect('name');
      if (value === 'elif') continue;
      if (value === 'else') {
        this.expect('block end');
        otherwise = this.#bodyUntil('endif');
      } else {
        this.expect('block end');
      }
      return { type: 'if', branches, otherwise };
    }
  }

  #for(): Statement {
    const target = this.#targets(['in']);
    this.expect('name', 'in');
    const iterable = this.tuple(false, ['recursive']);
    const test = this.skip('name', 'if') ? this.expression() : undefined;
    if (this.is('name', 'recursive'))
      throw new JinjaError(message('jinja_unsupported', { feature: 'recursive' }));
    this.expect('block end');
    this.#loops++;
    const body = this.#body(['endfor', 'else']);
    this.#loops--;
    const isElse = this.expect('name').value === 'else';
    this.expect('block end');
    const otherwise = isElse ? this.#bodyUntil('endfor') : [];
    return { type: 'for', target, iterable, test, body, otherwise };
  }

  #set(): Statement {
    const target = this.#targets([]);
    if (this.skip('operator', '=')) {
      const value = this.tuple();
      this.expect('block end');
      return { type: 'set', target, value };
    }
    const filter = this.filters(undefined, false);
    this.expect('block end');
    return { type: 'set block', target, filter, body: this.#bodyUntil('endset') };
  }

  #with(): Statement {
    const values: { target: Target; value: Expression }[] = [];
    while (!this.is('block end')) {
      if (values.length > 0) this.expect('operator', ',');
      const target = this.#target();
      this.expect('operator', '=');
      values.push({ target, value: this.expression() });
    }
    this.expect('block end');
    return { type: 'with', values, body: this.#bodyUntil('endwith') };
  }

  #targets(ends: readonly string[]): Target {
    const targets = [this.#target()];
    let several = false;
    while (this.skip('operator', ',')) {
      several = true;
      const token = this.tokens[this.at];
      if (token?.type === 'block end' || this.isOperator('=') || ends.includes(token?.value ?? '')) break;
      targets.push(this.#target());
    }
    const [first] = targets;
    return several || !first ? { type: 'targets', targets } : first;
  }

  #target(): Target {
    if (this.skip('operator', '(')) {
      const inner = this.#targets([]);
      this.expect('operator', ')');
      return inner;
    }
    const name = this.expect('name').value;
    if (Object.hasOwn(CONSTANTS, name)) throw new JinjaError(message('jinja_constant', { name }));
    if (!this.skip('operator', '.')) return { type: 'name', name };
    return { type: 'field', object: name, name: this.expect('name').value };
  }

  #parameters(): readonly Parameter[] {
    const parameters: Parameter[] = [];
    this.expect('operator', '(');
    while (!this.isOperator(')')) {
      if (parameters.length > 0) this.expect('operator', ',');
      const name = this.expect('name').value;
      const otherwise = this.skip('operator', '=') ? this.expression() : undefined;
      if (otherwise === undefined && parameters.at(-1)?.otherwise !== undefined) {
        throw new JinjaError(message('jinja_needs', { what: name, wanted: 'default' }));
      }
      parameters.push({ name, otherwise });
    }
    this.expect('operator', ')');
    return parameters;
  }
}
