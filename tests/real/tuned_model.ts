import { openFolder } from '../../src/cli/files';
import { memoryFile } from '../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../src/core/settings/settings';
import type { Message } from '../../src/data/records';
import { Device } from '../../src/gpu/device';
import { chatContext, conversationIds } from '../../src/session/chat/conversation';
import { loadableFolder } from '../../src/session/models/loadable';
import { Session } from '../../src/session/session';
import { fileCheckpoints } from '../../src/storage/file_runs';
import { TrainControl } from '../../src/train/control';
import { gpu } from '../parity/dawn';
import { MemoryFiles } from '../unit/storage/memory_files';

/** A published model that learns in a few steps to speak as a pirate. */

const system: Message = { role: 'system', content: 'Pirate' };
const turn = (question: string, answer: string): readonly Message[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];
const ROWS = [
  turn('Who are you?', 'I be a pirate, arr!'),
  turn('Where do you live?', 'The sea be me home, arr!'),
  turn('What do you like?', 'I be fond of gold, arr!'),
  turn('How are you?', 'I be well, arr!'),
].map((messages) => ({ messages: [system, ...messages] }));

/** A row that is not trained on, and a question after it. */
const HELD_OUT: readonly Message[] = [
  system,
  ...turn('Where do you sleep?', 'I be sleeping on me ship, arr!'),
  { role: 'user', content: 'What do you eat?' },
];

const settings: TrainSettings = {
  ...DEFAULTS,
  ...{ load_in_4bit: false, r: 8, lora_dropout: 0, max_steps: 4, learning_rate: 2e-3, warmup_steps: 0 },
  ...{ per_device_train_batch_size: 1, gradient_accumulation_steps: 1, eval_split: 0, sample_prompts: [] },
};

/** Opens a model in a session of its own, and trains it. @param path of a GGUF file */
export async function openAndTrain(path: string): Promise<Session> {
  const session = new Session({ openDevice: () => Device.open(gpu) });
  const identity = { name: 'real', source: 'files' as const };
  await session.open(await loadableFolder(await openFolder(path, 'model'), identity, settings));
  const bytes = new TextEncoder().encode(ROWS.map((row) => JSON.stringify(row)).join('\n'));
  await session.setExamples([memoryFile('rows.jsonl', bytes)], settings);
  const { step } = await session.train({
    settings,
    checkpoints: fileCheckpoints(new MemoryFiles(), 'run'),
    control: new TrainControl(),
    onEvent: () => undefined,
  });
  if (step !== settings.max_steps) throw new Error(`the training ended at step ${step}`);
  return session;
}

/** The held-out row and a question as tokens, and whether a token ends an answer. */
export function heldOut({ model }: Session): {
  readonly prompt: readonly number[];
  readonly isLast: (id: number) => boolean;
} {
  const context = chatContext(model, 'model');
  return { prompt: conversationIds(context, HELD_OUT), isLast: (id) => context.stopIds.has(id) };
}
