import { describe, expect, it, vi } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { parseSettings, type TrainSettings } from '../../../../src/core/settings/settings';
import type { CheckpointState } from '../../../../src/formats/checkpoint';
import { adapterLayout, initialAdapter } from '../../../../src/models/adapters/layout';
import { Exclusive } from '../../../../src/session/exclusive';
import { RunRecords } from '../../../../src/session/runs/run_records';
import { Runs, type RunParts } from '../../../../src/session/runs/runs';
import type { TrainCall } from '../../../../src/session/runs/training';
import { saveCheckpoint } from '../../../../src/storage/checkpoints';
import { fileRuns } from '../../../../src/storage/file_runs';
import { MemoryFiles } from '../../storage/memory_files';
import { tinySpec } from '../tiny';

const rows = '{"text":"a fish in the sea"}\n';
const settings = parseSettings({ r: 4, template: 'alpaca', learning_rate: 0.5, max_seq_length: 64 });

/** A run in storage with a checkpoint, and the runs of an engine that has its model open. */
async function stored(step: number) {
  const storage = fileRuns(new MemoryFiles());
  const records = new RunRecords({ runs: storage, locks: undefined, persist: () => Promise.resolve() });
  const data = [memoryFile('rows.jsonl', new TextEncoder().encode(rows))];
  const run = await records.create(
    { modelName: 'tiny', modelSource: 'demo', modelHash: 'hash', settings, steps: 9, data },
    () => Promise.resolve(undefined),
  );
  const hashes = { model: 'hash', data: 'data' };
  const state: CheckpointState = {
    ...{ step, position: { epoch: 0, index: step }, seed: 1, tensors: [] },
    ...{ settings: {}, hashes, history: [] },
  };
  await saveCheckpoint(storage.checkpoints(run.id), state, 1);

  const layout = adapterLayout(tinySpec, settings);
  const read: { name: string; text: string; settings: TrainSettings }[] = [];
  const session = {
    hasModel: true,
    modelHash: 'hash',
    dataset: { files: [], unpacked: [], training: [], heldOut: [] },
    adapterOf: () => ({ layout, ...initialAdapter(layout, 1) }),
    setTuned: vi.fn(),
    train: vi.fn((call: TrainCall) =>
      Promise.resolve({ state: 'stopped', step: call.start?.step ?? 0, steps: 9, history: [] }),
    ),
  };
  const examples = {
    read: vi.fn(async (files: readonly FileReader[], given: TrainSettings) => {
      for (const file of files) {
        read.push({
          name: file.name,
          text: new TextDecoder().decode(await file.read(0, file.size)),
          settings: given,
        });
      }
    }),
    stop: vi.fn(),
  };
  const adapters = { rememberRun: vi.fn() };
  const runs = new Runs({
    session,
    examples,
    adapters,
    records,
    exclusive: new Exclusive(),
  } as unknown as RunParts);
  return { runs, run, read, session, examples, adapters };
}

describe('a past run', () => {
  it('brings its examples and its settings along when its adapter is opened', async () => {
    const { runs, run, read, session, adapters } = await stored(3);
    expect(await runs.open(run.id, () => undefined)).toMatchObject({ origin: run.id, r: 4 });
    expect(read).toEqual([{ name: 'rows.jsonl', text: rows, settings }]);
    expect(session.setTuned).toHaveBeenCalledWith(
      expect.objectContaining({ run: expect.objectContaining({ settings }) as object }),
    );
    expect(adapters.rememberRun).toHaveBeenCalledWith(run.id);
    expect(await runs.read(run.id)).toMatchObject({ settings, dataFiles: ['rows.jsonl'] });
    const [file] = await runs.examples(run.id);
    expect(await file?.content.text()).toBe(rows);
  });

  it('brings them along when it is continued', async () => {
    const { runs, run, read, session } = await stored(3);
    await runs.continue(
      run.id,
      () => undefined,
      () => undefined,
    );
    expect(read).toEqual([{ name: 'rows.jsonl', text: rows, settings }]);
    expect(session.train).toHaveBeenCalledWith(
      expect.objectContaining({ settings, start: expect.objectContaining({ step: 3 }) as object }),
    );
  });

  it('that stopped before its first step has no adapter to open, and none that is taken for trained', async () => {
    const { runs, run, session, adapters } = await stored(0);
    await expect(runs.open(run.id, () => undefined)).rejects.toMatchObject({
      code: 'run_without_checkpoint',
    });
    expect(session.setTuned).not.toHaveBeenCalled();
    // Continued and stopped again at once.
    await runs.continue(
      run.id,
      () => undefined,
      () => undefined,
    );
    expect(adapters.rememberRun).not.toHaveBeenCalled();
  });

  it('is not opened if that is stopped while its examples are read', async () => {
    const { runs, run, session, examples } = await stored(3);
    examples.read.mockImplementationOnce(() => {
      runs.stopOpening();
      return Promise.resolve();
    });
    await expect(runs.open(run.id, () => undefined)).rejects.toMatchObject({ name: 'AbortError' });
    expect(examples.stop).toHaveBeenCalledTimes(1);
    expect(session.setTuned).not.toHaveBeenCalled();
    // Nothing is being opened any more.
    runs.stopOpening();
    expect(examples.stop).toHaveBeenCalledTimes(1);
  });
});
