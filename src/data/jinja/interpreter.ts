import { message } from '../../core/messages/message';
import type { Given } from './arguments';
import { JinjaError } from './errors';
import type { FilterContext } from './filter_context';
import { FILTERS, KEEPING, MARKING } from './filters';
import { GLOBALS, hashable } from './globals';
import { loopVariable } from './loop_variable';
import { attributeAlone, attributeOf, itemOf, sliceOf } from './objects';
import { add, arithmetic, concatenated } from './operators';
import { Output, Scope } from './scope';
import { resetSteps, takeSteps, takeUnits } from './steps';
import type {
  Arguments,
  Body,
  Comparison,
  Expression,
  FilterExpression,
  Parameter,
  Statement,
  Target,
} from './syntax';
import { marked } from './markup';
import { isTest, runTest } from './tests';
import { textOf } from './text_of';
import {
  Callable,
  compare,
  contains,
  equal,
  Float,
  iterated,
  Namespace,
  numeric,
  truthy,
  Tuple,
  typeName,
  Undefined,
  type Value,
  Markup,
  unmarked,
} from './values';

/** The output of a template. */
export interface Rendered {
  readonly text: string;
  /** Ranges of the text that `generation` blocks wrote, in UTF-16 units. */
  readonly generated: readonly { readonly start: number; readonly end: number }[];
}

/** Steps that a statement and a loop's round cost; both create scopes. */
const STATEMENT_STEPS = 20;
type Signal = 'break' | 'continue' | undefined;

/**
 * Runs a template as Jinja's sandbox does: a template can change nothing but namespaces, and an undefined name is empty
 * as text and an error elsewhere. Throws JinjaError.
 *
 * @param steps upper limit of the work; see `takeSteps`
 */
export function renderTemplate(body: Body, variables: ReadonlyMap<string, Value>, steps?: number): Rendered {
  return new Interpreter().render(body, variables, steps);
}

class Interpreter {
  readonly #output = new Output();
  readonly #generated: { start: number; end: number }[] = [];

  readonly #context: FilterContext = {
    filter: (name, value, given) => this.#filter(name, value, given),
    test: (name, value, given) => this.#test(name, value, given),
    item: itemOf,
    attribute: attributeAlone,
  };

  render(body: Body, variables: ReadonlyMap<string, Value>, steps?: number): Rendered {
    resetSteps(steps);
    const globals = new Scope();
    for (const [name, value] of GLOBALS) globals.set(name, value);
    const given = new Scope(globals);
    for (const [name, value] of variables) given.set(name, value);
    this.#run(body, new Scope(given), this.#output);
    return { text: this.#output.text(), generated: this.#generated };
  }

  // --- statements

  #run(body: Body, scope: Scope, output: Output): Signal {
    for (const statement of body) {
      takeSteps(STATEMENT_STEPS);
      const signal = this.#execute(statement, scope, output);
      if (signal) return signal;
    }
    return undefined;
  }

  #captured(body: Body, scope: Scope): string {
    const output = new Output();
    this.#run(body, scope, output);
    return output.text();
  }

  #execute(statement: Statement, scope: Scope, output: Output): Signal {
    switch (statement.type) {
      case 'text':
        output.write(statement.text);
        return undefined;
      case 'output':
        output.write(textOf(this.#evaluate(statement.value, scope)));
        return undefined;
      case 'if': {
        const branch = statement.branches.find(({ test }) => truthy(this.#evaluate(test, scope)));
        return this.#run(branch?.body ?? statement.otherwise, scope, output);
      }
      case 'for':
        return this.#loop(statement, scope, output);
      case 'set':
        this.#assign(statement.target, this.#evaluate(statement.value, scope), scope);
        return undefined;
      case 'set block': {
        const text = this.#captured(statement.body, new Scope(scope));
        this.#assign(statement.target, this.#filtered(statement.filter, text, scope), scope);
        return undefined;
      }
      case 'filter block': {
        const inner = new Scope(scope);
        output.write(textOf(this.#filtered(statement.filter, this.#captured(statement.body, inner), inner)));
        return undefined;
      }
      case 'macro':
        scope.set(statement.name, this.#macro(statement, scope));
        return undefined;
      case 'call block': {
        const caller = this.#macro({ name: 'caller', ...statement }, scope);
        const { callee, arguments: given } = statement.call;
        const { positional, named } = this.#given(given, scope);
        const called = this.#evaluate(callee, scope);
        output.write(textOf(call(called, { positional, named: new Map([...named, ['caller', caller]]) })));
        return undefined;
      }
      case 'with': {
        const inner = new Scope(scope);
        const values = statement.values.map(({ value }) => this.#evaluate(value, scope));
        statement.values.forEach(({ target }, i) => {
          this.#assign(target, values[i] ?? null, inner);
        });
        return this.#run(statement.body, inner, output);
      }
      case 'generation': {
        const start = this.#output.length;
        const text = this.#captured(statement.body, new Scope(scope));
        this.#generated.push({ start, end: start + text.length });
        output.write(text);
        return undefined;
      }
      default:
        return statement.type;
    }
  }

  #loop(statement: Statement & { type: 'for' }, scope: Scope, output: Output): Signal {
    const { target, test, body, otherwise } = statement;
    const all = iterated(this.#evaluate(statement.iterable, scope));
    const items = !test
      ? all
      : all.filter((item) => {
          const inner = new Scope(scope);
          this.#assign(target, item, inner);
          return truthy(this.#evaluate(test, inner));
        });
    let changed: readonly Value[] | undefined;
    const same = new Callable('changed', (values) => {
      const isSame =
        changed?.length === values.length && changed.every((value, i) => equal(value, values[i] ?? null));
      changed = values;
      return !isSame;
    });
    for (const [index, item] of items.entries()) {
      takeSteps(STATEMENT_STEPS);
      const inner = new Scope(scope);
      inner.set('loop', loopVariable(items, index, same));
      this.#assign(target, item, inner);
      if (this.#run(body, inner, output) === 'break') break;
    }
    return items.length === 0 ? this.#run(otherwise, new Scope(scope), output) : undefined;
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.type === 'name') {
      scope.set(target.name, value);
    } else if (target.type === 'field') {
      const holder = scope.get(target.object);
      if (!(holder instanceof Namespace))
        throw new JinjaError(message('jinja_namespace', { name: target.object }));
      if (target.name.startsWith('_')) throw new JinjaError(message('jinja_field', { name: target.name }));
      holder.fields.set(target.name, value);
    } else {
      const values = iterated(value);
      if (values.length !== target.targets.length) {
        throw new JinjaError(
          message('jinja_unpacked', { values: values.length, names: target.targets.length }),
        );
      }
      target.targets.forEach((one, i) => {
        this.#assign(one, values[i] ?? null, scope);
      });
    }
  }

  #macro(definition: { name: string; parameters: readonly Parameter[]; body: Body }, scope: Scope): Callable {
    const { name, parameters, body } = definition;
    const source = JSON.stringify(body);
    const uses = (variable: string): boolean => source.includes(`{"type":"name","name":"${variable}"}`);
    const [takesRest, takesNamed] = [uses('varargs'), uses('kwargs')];
    return new Callable(name, (positional, named) => {
      const inner = new Scope(scope);
      const rest = positional.slice(parameters.length);
      const others = new Map(
        [...named].filter(([key]) => !parameters.some((parameter) => parameter.name === key)),
      );
      const caller = others.get('caller');
      others.delete('caller');
      if (rest.length > 0 && !takesRest)
        throw new JinjaError(message('jinja_many_arguments', { what: name, most: parameters.length }));
      if (others.size > 0 && !takesNamed)
        throw new JinjaError(message('jinja_argument', { what: name, names: [...others.keys()] }));
      if (takesRest) inner.set('varargs', new Tuple(rest));
      if (takesNamed) inner.set('kwargs', new Map(others));
      inner.set('caller', caller ?? new Undefined(message('jinja_undefined', { name: 'caller' })));
      parameters.forEach((parameter, i) => {
        const value = positional[i] ?? (positional.length > i ? null : named.get(parameter.name));
        const isGiven = positional.length > i || named.has(parameter.name);
        if (isGiven) inner.set(parameter.name, value ?? null);
        else if (parameter.otherwise) inner.set(parameter.name, this.#evaluate(parameter.otherwise, inner));
        else inner.set(parameter.name, new Undefined(message('jinja_parameter', { name: parameter.name })));
      });
      return this.#captured(body, inner);
    });
  }

  // --- expressions

  #evaluate(expression: Expression, scope: Scope): Value {
    takeSteps();
    switch (expression.type) {
      case 'constant':
        return expression.float && typeof expression.value === 'number'
          ? new Float(expression.value)
          : expression.value;
      case 'name':
        return scope.get(expression.name);
      case 'list':
        return expression.items.map((item) => this.#evaluate(item, scope));
      case 'tuple':
        return new Tuple(expression.items.map((item) => this.#evaluate(item, scope)));
      case 'dict':
        return new Map(
          expression.entries.map(([key, value]) => [
            hashable(this.#evaluate(key, scope)),
            this.#evaluate(value, scope),
          ]),
        );
      case 'attribute':
        return attributeOf(this.#evaluate(expression.object, scope), expression.name);
      case 'item': {
        const object = this.#evaluate(expression.object, scope);
        const { key } = expression;
        if (key.type !== 'slice') return itemOf(object, this.#evaluate(key, scope));
        const part = (bound: Expression | undefined): Value => (bound ? this.#evaluate(bound, scope) : null);
        return sliceOf(object, part(key.start), part(key.stop), part(key.step));
      }
      case 'call':
        return call(this.#evaluate(expression.callee, scope), this.#given(expression.arguments, scope));
      case 'filter':
        return this.#filtered(expression, undefined, scope);
      case 'test': {
        const { operand, name } = expression;
        return this.#test(name, this.#evaluate(operand, scope), this.#given(expression.arguments, scope));
      }
      case 'unary':
        return this.#unary(expression.operator, this.#evaluate(expression.operand, scope));
      case 'binary':
        return this.#binary(expression, scope);
      case 'logical': {
        const left = this.#evaluate(expression.left, scope);
        const decided = truthy(left) === (expression.operator === 'or');
        return decided ? left : this.#evaluate(expression.right, scope);
      }
      case 'concat':
        return concatenated(expression.parts.map((part) => textOf(this.#evaluate(part, scope))));
      case 'compare':
        return this.#compared(expression, scope);
      case 'conditional': {
        const { test, then, otherwise } = expression;
        if (truthy(this.#evaluate(test, scope))) return this.#evaluate(then, scope);
        return otherwise ? this.#evaluate(otherwise, scope) : new Undefined(message('jinja_no_else'));
      }
    }
  }

  #unary(operator: '-' | '+' | 'not', value: Value): Value {
    if (operator === 'not') return !truthy(value);
    const number = numeric(value);
    if (number === undefined) {
      if (value instanceof Undefined) throw value.error();
      throw new JinjaError(message('jinja_no_sign', { type: typeName(value) }));
    }
    const signed = operator === '-' ? -number : number;
    return value instanceof Float ? new Float(signed) : signed + 0;
  }

  #binary(expression: Expression & { type: 'binary' }, scope: Scope): Value {
    const left = this.#evaluate(expression.left, scope);
    const right = this.#evaluate(expression.right, scope);
    return expression.operator === '+' ? add(left, right) : arithmetic(expression.operator, left, right);
  }

  #compared(expression: Expression & { type: 'compare' }, scope: Scope): boolean {
    let left = this.#evaluate(expression.first, scope);
    for (const { operator, operand } of expression.rest) {
      const right = this.#evaluate(operand, scope);
      if (!comparison(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  #given({ positional, named, rest, namedRest }: Arguments, scope: Scope): Given {
    const values = positional.map((argument) => this.#evaluate(argument, scope));
    if (rest) values.push(...iterated(this.#evaluate(rest, scope)));
    const byName = new Map(named.map(([name, argument]) => [name, this.#evaluate(argument, scope)]));
    if (namedRest) {
      const more = this.#evaluate(namedRest, scope);
      if (!(more instanceof Map))
        throw new JinjaError(message('jinja_needs', { what: '**', wanted: 'mapping' }));
      for (const [name, value] of more) byName.set(textOf(name), value);
    }
    return { positional: values, named: byName };
  }

  /** @param block the text that the innermost filter works on if it has no operand */
  #filtered(filter: FilterExpression | undefined, block: string | undefined, scope: Scope): Value {
    if (!filter) return block ?? null;
    const { operand, name } = filter;
    const value =
      operand === undefined
        ? (block ?? null)
        : operand.type === 'filter'
          ? this.#filtered(operand, block, scope)
          : this.#evaluate(operand, scope);
    return this.#filter(name, value, this.#given(filter.arguments, scope));
  }

  #filter(name: string, value: Value, given: Given): Value {
    const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
    if (!filter) throw new JinjaError(message('jinja_unsupported', { feature: 'filter', name: `"${name}"` }));
    takeSteps();
    const plain = unmarked(value);
    if (typeof plain === 'string') takeUnits(plain.length);
    if (MARKING.includes(name)) return filter(value, given, this.#context);
    const positional = given.positional.map(unmarked);
    const named = new Map([...given.named].map(([key, argument]) => [key, unmarked(argument)]));
    const result = filter(plain, { positional, named }, this.#context);
    return value instanceof Markup && KEEPING.includes(name) ? marked(result) : result;
  }

  #test(name: string, value: Value, given: Given): boolean {
    return runTest(name, value, given, (kind, wanted) =>
      kind === 'filter' ? Object.hasOwn(FILTERS, wanted) : isTest(wanted),
    );
  }
}

function comparison(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
  }
}

function call(callee: Value, { positional, named }: Given): Value {
  if (callee instanceof Callable) return callee.call(positional, named);
  if (callee instanceof Undefined) throw callee.error();
  throw new JinjaError(message('jinja_not_called', { type: typeName(callee) }));
}
