import { expect, it, test, vi } from 'vitest';
import { DEFAULTS, LOAD_SETTINGS, type TrainSettings } from '../../../../src/core/settings/settings';
import { adapterLayout, initialAdapter } from '../../../../src/models/adapters/layout';
import { modelLayout } from '../../../../src/models/layout';
import { Exclusive } from '../../../../src/session/exclusive';
import { RunRecords } from '../../../../src/session/runs/run_records';
import { Runs, type RunParts } from '../../../../src/session/runs/runs';
import { fileRuns } from '../../../../src/storage/file_runs';
import { MemoryFiles } from '../../storage/memory_files';
import { tinySpec } from '../tiny';

const quantization = { load_in_4bit: false, bnb_4bit_use_double_quant: true, dtype: 'float32' } as const;

test('a layout keeps of the settings those of loading, whatever stands beside them', () => {
  const layout = modelLayout(tinySpec, () => 'f32', DEFAULTS, 2 ** 27);
  expect(Object.keys(layout.quantization).sort()).toEqual([...LOAD_SETTINGS].sort());
});

it('plans a run from the open adapter with the settings of that one', async () => {
  const layout = adapterLayout(tinySpec, { ...DEFAULTS, r: 5, lora_dropout: 0 });
  const plan = vi.fn<(settings: TrainSettings) => Promise<void>>(() => Promise.resolve());
  const session = {
    tuned: { layout, ...initialAdapter(layout, 1) },
    layout: { quantization },
    measureSpeed: () => Promise.resolve(),
    plan,
  };
  const runs = new Runs({ session, exclusive: new Exclusive() } as unknown as RunParts);
  // Only unquantised weights can begin with PiSSA, but the open adapter goes on with any.
  const settings = { ...DEFAULTS, r: 8, init_lora_weights: 'pissa', lora_dropout: 0.25 } as const;
  await runs.plan(settings, 'adapter');
  await runs.plan(settings);
  expect(plan.mock.calls).toEqual([
    [{ ...settings, ...quantization, r: 5, init_lora_weights: true }],
    [{ ...settings, ...quantization }],
  ]);
});

it('tells the id of a new run as soon as it is recorded', async () => {
  const session = {
    dataset: { files: [] },
    layout: { quantization },
    loadable: {},
    model: { identity: { name: 'tiny', source: 'demo' } },
    modelHash: 'hash',
    plan: () => Promise.resolve({ steps: 3 }),
    train: () => Promise.reject(new Error('It broke.')),
  };
  const records = new RunRecords({
    runs: fileRuns(new MemoryFiles()),
    locks: undefined,
    persist: () => Promise.resolve(),
  });
  const examples = { read: () => Promise.resolve({ files: [] }) };
  const parts = { session, records, examples, exclusive: new Exclusive() } as unknown as RunParts;
  const told: unknown[] = [];
  const running = new Runs(parts).start(DEFAULTS, (event) => 'run' in event && told.push(event.run));
  await expect(running).rejects.toThrow('It broke.');
  expect(told).toEqual((await records.list()).map(({ id }) => id));
  expect(told).toHaveLength(1);
});
