/**
 * An assembler for small WebAssembly modules whose functions compute on vectors of four f32 or two f64. JavaScript rounds
 * every operation on f32 by a conversion, and computes one at a time; WebAssembly does neither. Each instruction is a
 * function of its operands' code, so that code reads as expressions.
 */
export type Code = readonly (number | Code)[];

type ValueType = 'i32' | 'f32' | 'v128';
const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** A parameter or a local variable. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

type Tuple<T, N extends number, Made extends readonly T[] = []> = Made['length'] extends N
  ? Made
  : Tuple<T, N, readonly [...Made, T]>;

/** The parameters and local variables of a function. */
export class Locals {
  readonly #types: ValueType[] = [];
  #parameters = 0;

  /** Parameters come before all other variables. */
  parameter(type: ValueType): Local {
    this.#parameters++;
    return this.variable(type);
  }

  variable(type: ValueType): Local {
    const index = unsigned(this.#types.push(type) - 1);
    return { get: [0x20, index], set: (value) => [value, 0x21, index] };
  }

  variables<N extends number>(type: ValueType, count: N): Tuple<Local, N> {
    return Array.from({ length: count }, () => this.variable(type)) as Tuple<Local, N>;
  }

  get parameterTypes(): readonly ValueType[] {
    return this.#types.slice(0, this.#parameters);
  }

  get variableTypes(): readonly ValueType[] {
    return this.#types.slice(this.#parameters);
  }
}

/** A function without a result. */
export interface WasmFunction {
  readonly name: string;
  readonly locals: Locals;
  readonly body: Code;
}

/** A module of these functions and one page of memory (64 KiB), exported as `memory`. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ locals: { parameterTypes } }) => [
    0x60,
    list(parameterTypes.map((type) => [TYPES[type]])),
    0,
  ]);
  const exported = functions.map(({ name }, index) => [text(name), 0, unsigned(index)]);
  const bodies = functions.map(({ locals: { variableTypes }, body }) =>
    sized([list(variableTypes.map((type) => [1, TYPES[type]])), body, 0x0b]),
  );
  const code: Code = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, list(types)),
    section(3, list(functions.map((_, index) => unsigned(index)))),
    section(5, list([[0, 1]])),
    section(7, list([...exported, [text('memory'), 2, 0]])),
    section(10, list(bodies)),
  ];
  return Uint8Array.from(flat(code));
}

/** A loop whose variable runs from 0 to below `end` in steps of `step`. Its body runs at least once. */
export function countTo(variable: Local, end: Code, step: number, body: Code): Code {
  const next = [variable.get, i32.const(step), 0x6a];
  return [
    variable.set(i32.const(0)),
    0x03,
    0x40,
    body,
    variable.set(next),
    variable.get,
    end,
    0x48,
    0x0d,
    0,
    0x0b,
  ];
}

/** Runs the body if the condition is not 0. */
export function when(condition: Code, body: Code): Code {
  return [condition, 0x04, 0x40, body, 0x0b];
}

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  shiftRight: (a: Code, bits: number): Code => [a, i32.const(bits), 0x76],
};

export const v128 = {
  /** Four equal 32-bit integers. */
  integers: (value: number): Code => simd(0x11, i32.const(value)),
  /** Four equal floats. */
  floats: (value: number): Code => simd(0x13, [0x43, [...new Uint8Array(Float32Array.of(value).buffer)]]),
  /** Loads 16 bytes from an address and a constant offset. */
  load: (address: Code, offset: number): Code => [simd(0x00, address), place(offset)],
  store: (address: Code, offset: number, value: Code): Code => [simd(0x0b, address, value), place(offset)],
  /** Four copies of a 32-bit number in memory. */
  loadSplat: (address: Code, offset: number): Code => [simd(0x09, address), place(offset)],
  /** Two copies of a 64-bit number in memory. */
  loadSplat64: (address: Code, offset: number): Code => [simd(0x0a, address), place(offset)],
  /** Loads 8 bytes, with zeros behind them. */
  loadHalf: (address: Code, offset: number): Code => [simd(0x5d, address), place(offset)],
  /** Stores the first 8 bytes. */
  storeHalf: (address: Code, offset: number, value: Code): Code => [
    simd(0x5b, address, value),
    place(offset),
    0,
  ],
  /** Replaces one of four 32-bit numbers by one in memory. */
  loadLane: (lane: number, address: Code, offset: number, vector: Code): Code => [
    simd(0x56, address, vector),
    place(offset),
    lane,
  ],
  and: (a: Code, b: Code): Code => simd(0x4e, a, b),
  andNot: (a: Code, b: Code): Code => simd(0x4f, a, b),
  or: (a: Code, b: Code): Code => simd(0x50, a, b),
  /** The bits of `a` where the mask is 1, else those of `b`. */
  select: (a: Code, b: Code, mask: Code): Code => simd(0x52, a, b, mask),
  /** 1 if a bit is set, else 0. */
  anyTrue: (a: Code): Code => simd(0x53, a),
};

export const i32x4 = {
  sub: (a: Code, b: Code): Code => simd(0xb1, a, b),
  min: (a: Code, b: Code): Code => simd(0xb6, a, b),
  max: (a: Code, b: Code): Code => simd(0xb8, a, b),
};

/** Arithmetic of IEEE 754, rounded to nearest; comparisons give masks. */
export const f32x4 = {
  splat: (value: Code): Code => simd(0x13, value),
  fromIntegers: (a: Code): Code => simd(0xfa, a),
  equal: (a: Code, b: Code): Code => simd(0x41, a, b),
  less: (a: Code, b: Code): Code => simd(0x43, a, b),
  greater: (a: Code, b: Code): Code => simd(0x44, a, b),
  abs: (a: Code): Code => simd(0xe0, a),
  neg: (a: Code): Code => simd(0xe1, a),
  sqrt: (a: Code): Code => simd(0xe3, a),
  add: (a: Code, b: Code): Code => simd(0xe4, a, b),
  sub: (a: Code, b: Code): Code => simd(0xe5, a, b),
  mul: (a: Code, b: Code): Code => simd(0xe6, a, b),
  div: (a: Code, b: Code): Code => simd(0xe7, a, b),
  /** b < a ? b : a */
  lower: (a: Code, b: Code): Code => simd(0xea, a, b),
  /** a < b ? b : a */
  higher: (a: Code, b: Code): Code => simd(0xeb, a, b),
};

/** As `f32x4`, on two f64. */
export const f64x2 = {
  /** The first two of four f32. */
  fromFloats: (a: Code): Code => simd(0x5f, a),
  /** Two f32, rounded to nearest, with zeros behind them. */
  toFloats: (a: Code): Code => simd(0x5e, a),
  add: (a: Code, b: Code): Code => simd(0xf0, a, b),
  mul: (a: Code, b: Code): Code => simd(0xf2, a, b),
};

function simd(opcode: number, ...operands: readonly Code[]): Code {
  return [operands, 0xfd, unsigned(opcode)];
}

/** The immediate of an access to memory: alignment to 2^2 bytes, and an offset. */
function place(offset: number): Code {
  return [2, unsigned(offset)];
}

function section(id: number, content: Code): Code {
  return [id, sized(content)];
}

function sized(content: Code): Code {
  const bytes = flat(content);
  return [unsigned(bytes.length), bytes];
}

function list(entries: readonly Code[]): Code {
  return [unsigned(entries.length), entries];
}

function text(value: string): Code {
  return sized([...new TextEncoder().encode(value)]);
}

/** LEB128: seven bits a byte, the lowest first; the top bit says that more follow. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, signed(value >> 7)];
}

function flat(code: Code): number[] {
  const bytes: number[] = [];
  for (const part of code) {
    if (typeof part === 'number') bytes.push(part);
    else for (const byte of flat(part)) bytes.push(byte);
  }
  return bytes;
}
