import { describe, expect, it } from 'vitest';
import { listOf } from '../../../src/data/example_list';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import type { TokenizedExample } from '../../../src/data/batches';
import { sft } from '../../../src/models/objectives/sft';
import { loadCheckpoint, saveCheckpoint } from '../../../src/storage/checkpoints';
import { fileCheckpoints } from '../../../src/storage/file_runs';
import { TrainControl } from '../../../src/train/control';
import { train } from '../../../src/train/trainer';
import { ToyProgram } from '../train/toy_program';
import { Crash, MemoryFiles, type Fault } from './memory_files';

const FOLDER = 'runs/a';
const SAVE_STEPS = 2;
const settings: TrainSettings = {
  ...DEFAULTS,
  per_device_train_batch_size: 2,
  max_steps: 9,
  save_steps: SAVE_STEPS,
  save_total_limit: 1,
  learning_rate: 0.1,
};
const examples: TokenizedExample[] = Array.from({ length: 7 }, (_, i) => ({
  ids: Uint32Array.of(i, i + 1, (3 * i) % 8),
  trained: Uint8Array.of(0, 1, 1),
}));

/** A run in a tab of its own: new program, whatever is in storage. Returns the steps it did itself. */
async function runOn(files: MemoryFiles, program: ToyProgram): Promise<number> {
  const found = await loadCheckpoint(fileCheckpoints(files, FOLDER));
  const start = found && { step: found.step, state: found.tensors };
  await train({
    program,
    objective: sft,
    examples: listOf(examples),
    heldOut: listOf([]),
    settings,
    start,
    onEvent: () => undefined,
    control: new TrainControl(),
    hooks: {
      saveCheckpoint: (position, state) =>
        saveCheckpoint(
          fileCheckpoints(files, FOLDER),
          { ...position, tensors: state, settings: {}, hashes: { model: 'm', data: 'd' }, history: [] },
          settings.save_total_limit,
        ),
    },
  });
  return program.optimizerSteps.length;
}

describe('a run whose tab dies', () => {
  it('ends with the same bytes wherever that was, and does little twice', async () => {
    const undisturbed = new MemoryFiles();
    const whole = new ToyProgram();
    expect(await runOn(undisturbed, whole)).toBe(9);
    const end = await whole.readState();
    for (let at = 1; at <= undisturbed.changes; at++) {
      for (const kind of ['crash', 'torn'] as const) {
        const files = new MemoryFiles(new Map(), { at, kind } satisfies Fault);
        const first = new ToyProgram();
        await runOn(files, first).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
        const reopened = new MemoryFiles(files.files);
        const second = new ToyProgram();
        // Possibly only half of the very first checkpoint exists: then the run starts over.
        if (first.optimizerSteps.length === 0) files.files.clear();
        const again = await runOn(reopened, second);
        expect(first.optimizerSteps.length + again - 9).toBeLessThanOrEqual(SAVE_STEPS);
        expect(await second.readState()).toEqual(end);
      }
    }
  });
});
