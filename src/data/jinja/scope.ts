import { takeUnits } from './steps';
import { Undefined, type Value } from './values';

/** Names and their values; what an inner scope sets is not seen outside of it. */
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
    return this.#outer ? this.#outer.get(name) : new Undefined(`'${name}' is undefined`);
  }
}

/** Where a template writes to, with the ranges (in UTF-16 units) that its `generation` blocks wrote. */
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
