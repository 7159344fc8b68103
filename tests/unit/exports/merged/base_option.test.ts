import { expect, it } from 'vitest';
import type { ExportSource } from '../../../../src/exports/format';
import { chosenBase } from '../../../../src/exports/merged/base_option';
import { quantisedTensors, requireOriginals } from '../../../../src/exports/merged/originals';
import type { ModelLayout } from '../../../../src/models/layout';
import { checkpointTensors } from '../../../../src/models/spec';
import { tinySpec } from '../../session/tiny';
import type { StoredWeight, StoredWeights } from '../../../../src/models/stored/stored_weight';

const source = (change: Partial<ExportSource>): ExportSource =>
  ({ baseModel: 'some/base', quantised: ['a'], ...change }) as ExportSource;

it('is the trained base, unless the original one is chosen and is another one', () => {
  expect(chosenBase(source({}), {}).isOriginal).toBe(false);
  expect(chosenBase(source({ quantised: [] }), { export_base: 'original' }).isOriginal).toBe(false);
  const originals = { isRemote: false, read: () => Promise.reject(new Error('not read')) };
  expect(chosenBase(source({ originals }), { export_base: 'original' }).isOriginal).toBe(true);
});

it('names the base whose original weights are missing', () => {
  expect(() => chosenBase(source({}), { export_base: 'original' })).toThrow('some/base');
});

it('refuses another value by name', () => {
  expect(() => chosenBase(source({}), { export_base: 'nf4' })).toThrow(
    'export_base must be trained or original, not “nf4”',
  );
});

it('cannot be read outside the writing', () => {
  const originals = { isRemote: false, read: () => Promise.reject(new Error('not read')) };
  const chosen = chosenBase(source({ originals }), { export_base: 'original' });
  expect(() => chosen.original()).toThrow('not open');
});

it('is quantised in a tensor that is packed on the device, or that the files held so', () => {
  const tensors = new Map([
    ['a', { kind: 'packed' }],
    ['b', { kind: 'dense' }],
    ['c', { kind: 'dense' }],
  ]) as unknown as ModelLayout['tensors'];
  const weight = (kind: StoredWeight['kind']) => ({ kind }) as StoredWeight;
  const stored: StoredWeights = new Map([
    ['a', weight('dense')],
    ['b', weight('requantised')],
    ['c', weight('dense')],
  ]);
  expect(quantisedTensors({ tensors } as ModelLayout, stored)).toEqual(['a', 'b']);
});

it('is refused from files that hold it quantised, or in another shape', () => {
  const { name, shape } = checkpointTensors(tinySpec)[0]!;
  const layout = { spec: tinySpec } as ModelLayout;
  const dense = (size: readonly number[]) => ({ kind: 'dense', tensor: { shape: size } }) as StoredWeight;
  const check = (weight?: StoredWeight) => () =>
    requireOriginals(layout, [name], new Map(weight ? [[name, weight]] : []));
  expect(check(dense(shape))).not.toThrow();
  expect(check(dense([3, 4]))).toThrow(`${name} is missing or has another shape`);
  expect(check()).toThrow(`${name} is missing or has another shape`);
  expect(check({ kind: 'packed' } as StoredWeight)).toThrow(`${name} only quantised`);
});
