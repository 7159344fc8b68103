import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  tensorOf,
  type NamedTensor,
} from '../../../src/formats/checkpoint';
import { readTensors, writeSafetensors } from '../../../src/formats/safetensors';

const floats = (name: string, ...values: number[]): NamedTensor => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  data: bytesOf(Float32Array.from(values)),
});

const state = {
  step: 7,
  position: { epoch: 1, index: 2 },
  seed: 42,
  tensors: [
    floats('absmax', 0.1, 0.2),
    { name: 'codes', dtype: 'U8' as const, shape: [3], data: Uint8Array.of(0, 127, 255) },
    floats('parameters', 1, -0, 1e-45, 3.5),
  ],
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
    expect(bytesOf(back.tensors[2]!.data)).toEqual(state.tensors[2]!.data);
    const reversed = { ...state, tensors: [...state.tensors].reverse() };
    expect(await encodeCheckpoint(reversed)).toEqual(bytes);
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

  it('of another format, or without one of its tensors, is refused by the file name', async () => {
    const { tensors, metadata } = readTensors(await encodeCheckpoint(state));
    const all = Array.from(tensors, ([name, tensor]) => ({ name, ...tensor }));
    const rewritten = (parts: typeof all, more: Record<string, string>) =>
      decodeCheckpoint(writeSafetensors(parts, { ...metadata, ...more }), 'step-7');
    await expect(rewritten(all, {})).resolves.toMatchObject({ step: 7 });
    await expect(rewritten(all, { format: 'pt' })).rejects.toThrow(/step-7 is not a checkpoint/);
    await expect(rewritten(all, { sha256: '' })).rejects.toThrow(/step-7 .* SHA-256/);
    await expect(rewritten(all.slice(1), {})).rejects.toThrow(/step-7 .* SHA-256/);
    const renamed = all.map((tensor) => ({ ...tensor, name: `${tensor.name}2` }));
    await expect(rewritten(renamed, {})).rejects.toThrow(/step-7 .* SHA-256/);
    const reshaped = all.map((tensor) => ({ ...tensor, shape: [1, ...tensor.shape] }));
    await expect(rewritten(reshaped, {})).rejects.toThrow(/step-7 .* SHA-256/);
    const odd = await encodeCheckpoint({ ...state, step: -1 });
    await expect(decodeCheckpoint(odd)).rejects.toThrow(/can’t be understood/);
  });

  it('gives a tensor to those who ask for its type and shape alone', () => {
    const { tensors } = state;
    expect(tensorOf(tensors, { name: 'codes', dtype: 'U8', shape: [3] })).toEqual(Uint8Array.of(0, 127, 255));
    expect(() => tensorOf(tensors, { name: 'moment1', dtype: 'F32', shape: [4] })).toThrow(
      /no tensor “moment1”, but the run needs F32 \[4\]/,
    );
    expect(() => tensorOf(tensors, { name: 'codes', dtype: 'F32', shape: [3] })).toThrow(
      /has U8 \[3\] as “codes”/,
    );
    expect(() => tensorOf(tensors, { name: 'codes', dtype: 'U8', shape: [4] })).toThrow(/needs U8 \[4\]/);
  });
});
