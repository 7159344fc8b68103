import { expect, test } from 'vitest';
import { assemble, countTo, f32x4, i32, i32x4, Locals, v128, when, type Code } from '../../../src/core/wasm';

/** Runs a function of one address and returns its memory as floats. */
function run(
  body: (locals: Locals, address: Code) => Code,
  floats: readonly number[],
  address = 0,
): number[] {
  const locals = new Locals();
  const { get } = locals.parameter('i32');
  const bytes = assemble([{ name: 'run', locals, body: body(locals, get) }]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const memory = new Float32Array((exports.memory as WebAssembly.Memory).buffer, 0, 64);
  memory.set(floats);
  (exports.run as (address: number) => void)(address);
  return [...memory];
}

const x = [1.5, -2, 0.1, 3e38];
const y = [0.5, 4, 0.2, 10];

test.each([
  ['add', (a: number, b: number) => a + b],
  ['sub', (a: number, b: number) => a - b],
  ['mul', (a: number, b: number) => a * b],
  ['div', (a: number, b: number) => a / b],
  ['lower', (a: number, b: number) => (b < a ? b : a)],
  ['higher', (a: number, b: number) => (a < b ? b : a)],
] as const)('computes %s in f32', (name, reference) => {
  const result = run(
    (_, at) => v128.store(at, 32, f32x4[name](v128.load(at, 0), v128.load(at, 16))),
    [...x, ...y],
  );
  expect(result.slice(8, 12)).toEqual([
    ...Float32Array.from(x, (a, i) => reference(Math.fround(a), Math.fround(y[i]!))),
  ]);
});

test('computes functions of one vector', () => {
  const result = run(
    (_, at) => [
      v128.store(at, 16, f32x4.abs(v128.load(at, 0))),
      v128.store(at, 32, f32x4.neg(v128.load(at, 0))),
      v128.store(at, 48, f32x4.sqrt(f32x4.abs(v128.load(at, 0)))),
    ],
    x,
  );
  expect(result.slice(4, 8)).toEqual([...Float32Array.from(x, Math.abs)]);
  expect(result.slice(8, 12)).toEqual([...Float32Array.from(x, (a) => -a)]);
  expect(result.slice(12, 16)).toEqual([...Float32Array.from(x, (a) => Math.sqrt(Math.abs(Math.fround(a))))]);
});

test('selects by comparisons', () => {
  const result = run(
    (_, at) => {
      const [a, b] = [v128.load(at, 0), v128.load(at, 16)];
      return [
        v128.store(at, 32, v128.select(a, b, f32x4.greater(a, b))),
        v128.store(at, 48, v128.andNot(a, v128.or(f32x4.less(a, b), f32x4.equal(a, b)))),
        v128.store(at, 64, v128.and(a, f32x4.less(a, b))),
      ];
    },
    [1, 2, 3, NaN, 2, 2, 1, 1],
  );
  expect(result.slice(8, 12)).toEqual([2, 2, 3, 1]);
  expect(result.slice(12, 16)).toEqual([0, 0, 3, NaN]);
  expect(result.slice(16, 20)).toEqual([1, 0, 0, 0]);
});

test('computes with integers and converts them', () => {
  const limited = i32x4.min(
    i32x4.max(i32x4.sub(v128.integers(-70000), v128.integers(1)), v128.integers(-65)),
    v128.integers(1 << 20),
  );
  const result = run((_, at) => v128.store(at, 0, f32x4.fromIntegers(limited)), []);
  expect(result.slice(0, 4)).toEqual([-65, -65, -65, -65]);
});

test('counts, remembers and branches', () => {
  const result = run((locals, at) => {
    const i = locals.variable('i32');
    const sum = locals.variable('v128');
    return [
      countTo(i, i32.const(512), 4, [
        sum.set(f32x4.add(sum.get, v128.floats(1))),
        when(v128.anyTrue(f32x4.equal(sum.get, v128.floats(100))), v128.store(at, 16, sum.get)),
      ]),
      v128.store(i32.add(at, i32.shiftRight(i32.const(128), 2)), 0, sum.get),
    ];
  }, []);
  expect(result.slice(0, 12)).toEqual([0, 0, 0, 0, 100, 100, 100, 100, 128, 128, 128, 128]);
});

test('loads single numbers into lanes', () => {
  const result = run(
    (_, at) => v128.store(i32.const(64), 0, v128.loadLane(2, at, 4, v128.loadSplat(at, 0))),
    [0, 0, 7, 8],
    8,
  );
  expect(result.slice(16, 20)).toEqual([7, 7, 8, 7]);
});
