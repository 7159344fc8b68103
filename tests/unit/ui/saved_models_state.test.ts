import { expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { SavedModelsState } from '../../../src/ui/model/saved.svelte';
import type { SavedModelReport } from '../../../src/worker/protocol';
import { engineOf } from './engine';

const model = { id: 'base', name: 'tiny', source: 'hub' } as SavedModelReport;

it('says of the model that could not be removed why, until that is tried again', async () => {
  const failures: (TunesmithError | undefined)[] = [
    new TunesmithError({ code: 'model_in_other_tab', values: { name: 'tiny' } }),
    undefined,
  ];
  const stored = new SavedModelsState(
    engineOf({
      saved: {
        list: () => Promise.resolve([model]),
        report: () => Promise.resolve(undefined),
        remove: () => {
          const failure = failures.shift();
          return failure ? Promise.reject(failure) : Promise.resolve();
        },
      },
    }),
  );
  await stored.remove(model);
  expect(stored).toMatchObject({
    error: undefined,
    removing: undefined,
    unremoved: { id: 'base', error: { code: 'model_in_other_tab' } },
  });
  await stored.remove(model);
  expect(stored.unremoved).toBeUndefined();
});

it('says no more why a model could not be removed once it is gone', async () => {
  let list = [model];
  const saved = new SavedModelsState(
    engineOf({
      saved: {
        list: () => Promise.resolve(list),
        report: () => Promise.resolve(undefined),
        remove: () =>
          Promise.reject(new TunesmithError({ code: 'model_in_other_tab', values: { name: 'tiny' } })),
      },
    }),
  );
  await saved.remove(model);
  expect(saved.unremoved?.id).toBe('base');
  list = [];
  await saved.refresh();
  expect(saved.unremoved).toBeUndefined();
});
