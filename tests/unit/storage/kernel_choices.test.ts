import { describe, expect, it } from 'vitest';
import { Choices } from '../../../src/gpu/choices';
import { KernelChoiceStore } from '../../../src/storage/kernel_choices';
import { fileRecords } from '../../../src/storage/records';
import { MemoryFiles } from './memory_files';

const device = { description: 'GPU · driver 1.2', features: { f16: true, timestamps: true } };
const choice = { op: 'matmul', shape: 'nf4 896→4864 ×256', candidates: ['plain', 'tiles', 'matrix'] };

function knownChoices() {
  const choices = new Choices();
  choices.record(choice, 'tiles');
  choices.refuse(choice, 'matrix');
  return choices.known;
}

async function kept() {
  const files = new MemoryFiles();
  const store = new KernelChoiceStore(fileRecords(files));
  await store.keep(device, knownChoices());
  const [path] = await files.list('records');
  return { files, store, path: path! };
}

describe('what was found out about a device', () => {
  it('comes back to a device of the same name, driver and features, and to no other', async () => {
    const { store } = await kept();
    expect(await store.recall(device)).toEqual(knownChoices());
    expect(await store.recall({ ...device, description: 'GPU · driver 1.3' })).toBeUndefined();
    expect(await store.recall({ ...device, features: { ...device.features, f16: false } })).toBeUndefined();
  });

  it('recalls a choice unless a new candidate has not been compared', () => {
    const choices = new Choices();
    choices.recall(knownChoices());
    expect(choices.choose(choice)).toBe('tiles');
    expect(choices.isOpen(choice)).toBe(false);
    const more = { ...choice, candidates: [...choice.candidates, 'fresh'] };
    expect(choices.choose(more)).toBe('tiles');
    expect(choices.isOpen(more)).toBe(true);
    expect(choices.usable(more)).not.toContain('matrix');
    expect(choices.choose({ ...choice, candidates: ['plain', 'matrix'] })).toBe('plain');
  });

  it('counts for nothing once the shaders are others, and where it is damaged', async () => {
    const { files, store, path } = await kept();
    const text = new TextDecoder().decode(await files.read(path));
    const write = (changed: string): Promise<void> => files.write(path, new TextEncoder().encode(changed));
    const record = JSON.parse(text) as Record<string, unknown>;
    for (const changed of [
      JSON.stringify({ ...record, shaders: 'others' }),
      JSON.stringify({ ...record, tuned: { a: { chosen: 1 } } }),
      JSON.stringify({ ...record, refused: undefined }),
      'null',
      text.slice(0, -5),
      '',
    ]) {
      await write(changed);
      expect(await store.recall(device), changed).toBeUndefined();
    }
    await write(text);
    expect(await store.recall(device)).toEqual(knownChoices());
  });
});
