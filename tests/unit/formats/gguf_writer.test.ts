import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../src/core/bytes';
import { uniform } from '../../../src/core/random';
import { readGgufHeader } from '../../../src/formats/gguf';
import {
  bool,
  f32,
  planGguf,
  text,
  texts,
  u32,
  type GgufEntry,
  type PlannedTensor,
} from '../../../src/formats/gguf_writer';
import type { GgmlType } from '../../../src/formats/ggml/types';

const LETTERS = ['a', 'Z', '0', ' ', 'ß', '日', '\u{1f980}', '\n', '"'];
const TYPES: readonly (readonly [GgmlType, number])[] = [
  ['F32', 1],
  ['F16', 3],
  ['BF16', 7],
  ['Q8_0', 32],
  ['Q4_0', 96],
  ['Q4_K', 256],
  ['Q6_K', 512],
];

/** Entries of all types and tensors of many, in any number. */
function madeUp(seed: number): { entries: Map<string, GgufEntry>; planned: PlannedTensor[] } {
  let drawn = 0;
  const random = (): number => uniform(seed, 0, drawn++);
  const below = (end: number): number => Math.floor(random() * end);
  const list = <T>(most: number, make: (index: number) => T): T[] =>
    Array.from({ length: below(most + 1) }, (_, index) => make(index));
  const words = (): string => list(40, () => LETTERS[below(LETTERS.length)]!).join('');
  const float = (): number => Math.fround((random() - 0.5) * 2 ** below(60));
  const unsigned = (): number => below(2 ** 32);
  const signed = (): number => below(2 ** 32) - 2 ** 31;
  const makers: readonly (() => GgufEntry)[] = [
    () => u32(unsigned()),
    () => f32(float()),
    () => bool(random() < 0.5),
    () => text(words()),
    () => texts(list(9, words)),
    () => ({ type: 'i32', value: signed() }),
    () => ({ type: 'array', of: 'u32', values: list(9, unsigned) }),
    () => ({ type: 'array', of: 'i32', values: list(9, signed) }),
    () => ({ type: 'array', of: 'f32', values: list(9, float) }),
    () => ({ type: 'array', of: 'bool', values: list(9, () => random() < 0.5) }),
  ];
  return {
    entries: new Map(list(12, (index) => [`a.${words()}${index}`, makers[below(makers.length)]!()])),
    planned: list(6, (index): PlannedTensor => {
      const [type, row] = TYPES[below(TYPES.length)]!;
      return { name: `blk.${index}.weight`, type, shape: [...list(2, () => 1 + below(5)), row] };
    }),
  };
}

/** The whole file, with the number of each tensor in all its bytes. */
function fileOf(entries: ReadonlyMap<string, GgufEntry>, planned: readonly PlannedTensor[]) {
  const plan = planGguf(entries, planned);
  const parts = plan.tensors.flatMap(({ bytes, padding }, index) => [
    new Uint8Array(bytes).fill(index + 1),
    new Uint8Array(padding),
  ]);
  return { plan, bytes: concatBytes([plan.header, ...parts]) };
}

const sourceOf = (bytes: Uint8Array) => ({
  name: 'model.gguf',
  size: bytes.length,
  read: (begin: number, end: number) => Promise.resolve(bytes.subarray(begin, end)),
});

describe('a GGUF file that is written', () => {
  test('has the entries and the tensors that went into it, in any number and of any type', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const { entries, planned } = madeUp(seed);
      const { plan, bytes } = fileOf(entries, planned);
      expect(plan.size).toBe(bytes.length);
      const header = await readGgufHeader(sourceOf(bytes));
      const expected = Array.from(entries, ([key, value]) => [
        key,
        value.type === 'array' ? Array.from<unknown>(value.values) : value.value,
      ]);
      expect([...header.metadata]).toEqual(expected);
      const tensors = Array.from(header.tensors, ([name, { type, shape }]) => ({ name, type, shape }));
      expect(tensors).toEqual(planned);
      for (const [index, { begin, end }] of [...header.tensors.values()].entries()) {
        expect(begin % 32).toBe(0);
        expect(end - begin).toBe(plan.tensors[index]!.bytes);
        expect(bytes.subarray(begin, end).every((byte) => byte === index + 1)).toBe(true);
      }
    }
  });

  test('has longer texts than the writer’s first buffer', async () => {
    const long = 'ü'.repeat(100_000);
    const { bytes } = fileOf(
      new Map([
        ['long', text(long)],
        ['next', u32(7)],
      ]),
      [],
    );
    const { metadata } = await readGgufHeader(sourceOf(bytes));
    expect(metadata.get('long')).toBe(long);
    expect(metadata.get('next')).toBe(7);
  });

  test.each([
    ['a row that is no whole number of blocks', { name: 'a', type: 'Q8_0', shape: [2, 33] }],
    ['a name that llama.cpp can’t hold', { name: 'a'.repeat(64), type: 'F32', shape: [1] }],
  ] as const)('is refused with %s', (_, tensor) => {
    expect(() => planGguf(new Map(), [tensor])).toThrow();
  });

  test.each([-1, 0.5, 2 ** 32])('is refused with %f as an unsigned number', (value) => {
    expect(() => planGguf(new Map([['a', u32(value)]]), [])).toThrow();
  });
});

// The writer's buffer grows within each list, at a value of its type.
const MANY = 2 ** 17;
test.each<[string, (index: number) => number | boolean]>([
  ['u32', (index) => index],
  ['i32', (index) => 1 - index],
  ['f32', (index) => index / 2],
  ['bool', (index) => index % 3 === 0],
])('a long list of %s is read back', async (of, value) => {
  const values = Array.from({ length: MANY }, (_, index) => value(index));
  const { header } = planGguf(new Map([['a', { type: 'array', of, values } as GgufEntry]]), []);
  const read = (begin: number, end: number) => Promise.resolve(header.slice(begin, end));
  const { metadata } = await readGgufHeader({ name: 'a.gguf', size: header.length, read });
  expect(metadata.get('a')).toEqual(values);
});
