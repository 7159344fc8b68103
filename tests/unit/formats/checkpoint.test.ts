import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/formats/checkpoint';
import { readTensors, writeSafetensors } from '../../../src/formats/safetensors';

const state = {
  step: 7,
  position: { epoch: 1, index: 2 },
  seed: 42,
  parameters: Float32Array.of(1, -0, 1e-45, 3.5),
  moment1: Float32Array.of(0.1, 0.2, 0.3, 0.4),
  moment2: Float32Array.of(5, 6, 7, 8),
  settings: { learning_rate: 2e-4, target_modules: ['q_proj'] },
  hashes: { model: 'abc', data: 'def' },
  kernels: { 'matmul nf4 896→4864 ×256': 'tiles' },
  history: [{ step: 1, loss: 2.5 }],
};

describe('a checkpoint', () => {
  it('comes back bit for bit, and is the same bytes each time', async () => {
    const bytes = await encodeCheckpoint(state);
    expect(await encodeCheckpoint(state)).toEqual(bytes);
    const back = await decodeCheckpoint(bytes);
    expect(back).toEqual(state);
    expect(Object.is(back.parameters[1], -0)).toBe(true);
  });

  it('of the time before kernels were chosen is as good', async () => {
    const former = { ...state, kernels: undefined };
    expect(await decodeCheckpoint(await encodeCheckpoint(former))).toEqual(former);
  });

  it('with any byte changed, or cut anywhere, is refused', async () => {
    const bytes = await encodeCheckpoint(state);
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x01;
      await expect(decodeCheckpoint(changed), `byte ${i}`).rejects.toThrow(/The checkpoint/);
    }
    for (let length = 0; length < bytes.length; length += 11) {
      await expect(decodeCheckpoint(bytes.subarray(0, length))).rejects.toThrow(/The checkpoint/);
    }
  });

  it('of another format, or with parts of different lengths, is refused by the file name', async () => {
    const { tensors, metadata } = readTensors(await encodeCheckpoint(state));
    const all = Array.from(tensors, ([name, tensor]) => ({ name, ...tensor }));
    const rewritten = (parts: typeof all, more: Record<string, string>) =>
      decodeCheckpoint(writeSafetensors(parts, { ...metadata, ...more }), 'step-7');
    await expect(rewritten(all, {})).resolves.toMatchObject({ step: 7 });
    await expect(rewritten(all, { format: 'pt' })).rejects.toThrow(/step-7 is no checkpoint/);
    await expect(rewritten(all, { sha256: '' })).rejects.toThrow(/step-7 .* SHA-256/);
    await expect(rewritten(all.slice(1), {})).rejects.toThrow(/step-7 lacks/);
    const short = await encodeCheckpoint({ ...state, moment1: state.moment1.subarray(1) });
    await expect(decodeCheckpoint(short)).rejects.toThrow(/different lengths/);
    const odd = await encodeCheckpoint({ ...state, step: -1 });
    await expect(decodeCheckpoint(odd)).rejects.toThrow(/no sense/);
  });
});
