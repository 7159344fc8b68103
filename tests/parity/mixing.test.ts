import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { floatsOf } from '../../src/core/dtype';
import { parseMixSettings } from '../../src/core/settings/mixing';
import { readTensors } from '../../src/formats/safetensors';
import { mixAdapters, type Keeps, type WeightedAdapter } from '../../src/models/adapters/mixing';
import { adapterLayout, readParameter, writeParameter } from '../../src/models/adapters/layout';
import { readSpec } from '../../src/models/config';

/** The values of make_mixing.py: adapters, their mixes by PEFT, and what its DARE kept. */
const FOLDER = new URL('fixtures/mixing/', import.meta.url);
const EPSILON = 2 ** -24;

interface Mix {
  readonly adapters: readonly string[];
  readonly weights: readonly number[];
  readonly combination_type: string;
}

interface Described {
  readonly base: string;
  readonly adapters: Readonly<
    Record<string, { readonly r: number; readonly lora_alpha: number; readonly target_modules: string[] }>
  >;
  readonly mixes: Readonly<Record<string, Mix>>;
}

const { base, adapters, mixes } = JSON.parse(
  readFileSync(new URL('mixing.json', FOLDER), 'utf8'),
) as Described;
const { tensors } = readTensors(readFileSync(new URL('mixing.safetensors', FOLDER)), 'mixing.safetensors');
const spec = readSpec(JSON.parse(readFileSync(new URL(`../${base}/config.json`, FOLDER), 'utf8')));

function values(name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the fixture has no ${name}`);
  return floatsOf('F32', tensor.data);
}

function weighted(name: string, weight: number): WeightedAdapter {
  const layout = adapterLayout(spec, { ...adapters[name]!, layers_to_transform: [1] });
  const parameters = new Float32Array(layout.size);
  for (const each of layout.tensors) writeParameter(parameters, each, values(`${name}.${each.name}`));
  return { name, weight, adapter: { layout, parameters, frozen: new Float32Array(0) } };
}

/** The values that PEFT's DARE kept, by module, part and adapter, in the order in which it drew. */
function kept(name: string, names: readonly string[]): Keeps {
  const masks = new Map<string, Uint8Array>();
  const { modules } = adapterLayout(spec, { ...adapters[names[0]!]!, layers_to_transform: [1] });
  let at = 0;
  for (const { path, module } of modules) {
    for (const part of ['A', 'B']) {
      names.forEach((each, index) => {
        if (!adapters[each]!.target_modules.includes(module)) return;
        const mask = tensors.get(`${name}.mask.${at++}`);
        if (mask) masks.set(`${index}.${path}.${part}`, mask.data);
      });
    }
  }
  return (index, path, part) => {
    const mask = masks.get(`${index}.${path}.${part}`);
    if (!mask) throw new Error('PEFT drew nothing here');
    return (element) => mask[element] === 1;
  };
}

test.each(Object.keys(mixes))('the mix %s is that of PEFT', (name) => {
  const { adapters: names, weights, ...settings } = mixes[name]!;
  const mixed = mixAdapters(
    spec,
    names.map((each, index) => weighted(each, weights[index]!)),
    parseMixSettings(settings),
    kept(name, names),
  );
  const modules = [...new Set(names.flatMap((each) => adapters[each]!.target_modules))];
  expect(mixed.layout.modules.map(({ module }) => module)).toEqual(
    ['q_proj', 'k_proj', 'v_proj'].filter((module) => modules.includes(module)),
  );
  for (const { path, scale, in: input, rank, out, tensors: parts } of mixed.layout.modules) {
    expect(scale).toBe(1);
    const [A, B] = parts.map((part) => readParameter(mixed.parameters, part)) as [Float32Array, Float32Array];
    if (!tensors.has(`${name}.${path}.delta`)) {
      // Each is a sum of at most two products of one value, one weight and one factor.
      expectNear(A, values(`${name}.${path}.lora_A`), 8 * EPSILON);
      expectNear(B, values(`${name}.${path}.lora_B`), 8 * EPSILON);
      continue;
    }
    const delta = values(`${name}.${path}.delta`);
    const sum = new Float64Array(delta.length);
    for (let row = 0; row < out; row += 8) {
      for (let column = 0; column < input; column++) {
        for (let j = 0; j < rank; j++) {
          sum[(row / 8) * input + column]! += B[row * rank + j]! * A[j * input + column]!;
        }
      }
    }
    // PEFT computes the change and its singular values in float32: the error grows with the sizes of the matrix.
    expectNear(Float32Array.from(sum), delta, EPSILON * Math.sqrt(out * input));
  }
});

/** @param allowed difference in parts of the greatest value */
function expectNear(actual: Float32Array, expected: Float32Array, allowed: number): void {
  expect(actual.length).toBe(expected.length);
  const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(greatest).toBeGreaterThan(0);
  expect(worst / greatest).toBeLessThanOrEqual(allowed);
}
