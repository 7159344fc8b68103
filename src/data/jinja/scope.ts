import { message } from '../../core/messages/message';
import { takeUnits } from './steps';
import { Undefined, type Value } from './values';

/** Names and their values. A name that an inner scope sets is not visible outside of it. */
export class Scope {
  readonly #values = new Map<string, Value>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(name: string): Value {
    return this.#values.get(name) ?? this.#inherited(name);
  }

  #inherited(name: string): Value {
    if (this.#values.has(name)) return null;
    return this.#outer ? this.#outer.get(name) : new Undefined(message('jinja_undefined', { name }));
  }
}

/** Collects the text that a template writes. */
export class Output {
  readonly #parts: string[] = [];
  #length = 0;

  write(text: string): void {
    takeUnits(text.length);
    this.#parts.push(text);
    this.#length += text.length;
  }

  get length(): number {
    return this.#length;
  }

  text(): string {
    return this.#parts.join('');
  }
}
