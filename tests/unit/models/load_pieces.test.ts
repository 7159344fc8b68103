import { beforeEach, expect, test } from 'vitest';
import type { LoadSettings } from '../../../src/core/settings/settings';
import type { FloatDtype } from '../../../src/core/dtype';
import { DENSE_FORMATS } from '../../../src/models/cast';
import { writeSafetensors } from '../../../src/formats/safetensors';
import { readSpec } from '../../../src/models/config';
import { openCheckpoint } from '../../../src/models/files';
import type { FileReader } from '../../../src/models/folder';
import { modelLayout, slotsOf, type StoredForm } from '../../../src/models/layout';
import { loadingPieces } from '../../../src/models/load_pieces';
import { usePieces } from '../../../src/models/pieces';
import { checkpointTensors } from '../../../src/models/spec';
import type { StoredTensor, StoredWeight } from '../../../src/models/stored/stored_weight';
import { CONFIG, folderOf, madeUpTensors, memoryFile } from './made_up';

const dense: LoadSettings = { load_in_4bit: false, bnb_4bit_use_double_quant: true, dtype: 'auto' };
const spec = readSpec(CONFIG);

/** The reads in order: [file, begin, end], or the name of a buffer that was made. */
let reads: (readonly [string, number, number] | string)[];
beforeEach(() => {
  reads = [];
});

function fileOf(name: string): FileReader {
  return {
    name,
    size: 2 ** 40,
    read: (begin, end) => {
      reads.push([name, begin, end]);
      const bytes = new Uint8Array(end - begin);
      // Small numbers in every format.
      bytes.forEach((_, i) => (bytes[i] = (begin + i) % 61));
      return Promise.resolve(bytes);
    },
  };
}

/** Collects what is written, as a device would hold it. */
async function load(
  stored: ReadonlyMap<string, StoredWeight>,
  files: readonly FileReader[],
  { settings = dense, maxBinding = 2 ** 27 }: { settings?: LoadSettings; maxBinding?: number } = {},
): Promise<Map<string, Uint8Array>> {
  const formOf = (name: string): StoredForm => {
    const weight = stored.get(name);
    return weight?.kind === 'packed'
      ? weight.packing
      : weight?.kind === 'requantised'
        ? 'requantised'
        : DENSE_FORMATS[(weight?.tensor.dtype ?? 'BF16') as FloatDtype];
  };
  const layout = modelLayout(spec, formOf, settings, maxBinding);
  const slots = [...layout.tensors.values()].flatMap(slotsOf);
  const content = new Map(slots.map(({ slot, bytes }) => [slot, new Uint8Array(bytes)]));
  const buffers = new Map(slots.map(({ slot }) => [slot, { label: slot } as GPUBuffer]));
  const uploads = {
    write: (buffer: GPUBuffer, data: Uint8Array<ArrayBuffer>, offset = 0) => {
      expect([data.length % 4, offset % 4]).toEqual([0, 0]);
      content.get(buffer.label)!.set(data, offset);
      return Promise.resolve();
    },
  };
  await usePieces(
    loadingPieces({ stored, files }, layout, { buffers, uploads, quantizer: undefined }),
    () => {
      // Nobody waits to hear of it.
    },
  );
  return content;
}

/** All tensors in bf16, one after the other from a byte on, the last first. */
function reversed(file: FileReader, start: number): Map<string, StoredWeight & { kind: 'dense' }> {
  let at = start;
  const weights = checkpointTensors(spec)
    .toReversed()
    .map(({ name, shape }): [string, StoredWeight & { kind: 'dense' }] => {
      const begin = at;
      at += shape.reduce((product, length) => product * length, 2);
      const tensor: StoredTensor = { name, file, begin, end: at, dtype: 'BF16', shape };
      return [name, { kind: 'dense', tensor }];
    });
  return new Map(weights.toReversed());
}

test('files are read from their beginning to their end, whatever the order of the forward pass', async () => {
  const file = fileOf('a');
  const stored = reversed(file, 6);
  await load(stored, [file]);
  const ranges = reads.filter((read) => typeof read === 'object');
  expect(ranges.map(([, begin]) => begin)).toEqual(
    ranges.map(([, begin]) => begin).toSorted((a, b) => a - b),
  );
  expect(ranges[0]?.[1]).toBe(6);
});

test('tensors at places that no device could take as they are arrive whole, in parts and across pieces', async () => {
  const file = fileOf('a');
  // The borders of pieces fall into the middle of rows, and two bytes off whole words.
  for (const start of [2, 8 * 2 ** 20 - 4098, 8 * 2 ** 20 - 4096]) {
    const stored = reversed(file, start);
    const content = await load(stored, [file], { maxBinding: 64 * 64 * 2 });
    const slots = [...content].filter(([slot]) => slot.startsWith('model.embed_tokens.weight'));
    expect(slots.map(([slot]) => slot)).toEqual([
      'model.embed_tokens.weight.0',
      'model.embed_tokens.weight.64',
    ]);
    const { begin, end } = stored.get('model.embed_tokens.weight')!.tensor;
    expect(Buffer.compare(Buffer.concat(slots.map(([, bytes]) => bytes)), await file.read(begin, end))).toBe(
      0,
    );
  }
});

test('what is made of parts is made beside what is copied; what is unpacked, where it lies', async () => {
  const file = fileOf('a');
  const stored = new Map<string, StoredWeight>(reversed(file, 0));
  const [q, up] = ['model.layers.0.self_attn.q_proj.weight', 'model.layers.0.mlp.up_proj.weight'] as const;
  const place = (name: string): StoredTensor => (stored.get(name) as { tensor: StoredTensor }).tensor;
  const codes = { ...place(q), end: place(q).begin + 64 * 32 };
  stored.set(q, {
    kind: 'packed',
    packing: { format: 'nf4', blockSize: 64, doubleQuant: false, nestedBlockSize: 256 },
    buffers: {
      codes: { bytes: 64 * 32, copy: codes },
      scales: {
        bytes: 64 * 4,
        make: () => {
          reads.push('scales');
          // A byte short of whole words.
          return Promise.resolve(new Uint8Array(64 * 4 - 1).fill(7));
        },
      },
    },
  });
  stored.set(up, {
    kind: 'requantised',
    from: 'Q5_K',
    tensor: place(up),
    rows: (first, count) => {
      reads.push('rows');
      return Promise.resolve(Float32Array.from({ length: count * 64 }, () => first + 0.5));
    },
  });
  const content = await load(stored, [file]);
  const [rows, scales] = [reads.indexOf('rows'), reads.indexOf('scales')];
  // The last comes first in the file: up_proj before q_proj, and norms after both.
  expect(rows).toBeGreaterThan(0);
  expect(scales).toBeGreaterThan(rows + 1);
  expect(scales).toBeLessThan(reads.length - 1);
  expect(content.get(`${q}.codes`)).toEqual(await file.read(codes.begin, codes.end));
  expect([...content.get(`${q}.scales`)!.slice(-5)]).toEqual([7, 7, 7, 7, 0]);
  // 0.5 in float16.
  expect([...content.get(up)!.slice(0, 4)]).toEqual([0, 0x38, 0, 0x38]);
});

test('shards come in their order', async () => {
  const [a, b] = [fileOf('a'), fileOf('b')];
  const stored = new Map<string, StoredWeight>();
  for (const [name, weight] of reversed(a, 0)) {
    const file = name.startsWith('model.layers.0') ? b : a;
    // A view of a file counts as that file.
    stored.set(name, { ...weight, tensor: { ...weight.tensor, file: { ...file } } });
  }
  await load(stored, [b, a]);
  const names = reads.flatMap((read) => (typeof read === 'object' ? [read[0]] : []));
  expect(names.lastIndexOf('b')).toBeLessThan(names.indexOf('a'));
});

test.each([
  ['BF16', 0x7fc0],
  ['BF16', 0xff80],
  ['F16', 0x7c00],
  ['F16', 0xfe01],
  ['F32', 0xff80],
] as const)('a %s with the bits %i in its upper half is refused, named', async (dtype, bits) => {
  for (const name of [
    'model.embed_tokens.weight',
    'model.norm.weight',
    'model.layers.1.mlp.up_proj.weight',
  ]) {
    for (const settings of [dense, { ...dense, dtype: 'float32' as const }]) {
      const tensors = madeUpTensors(CONFIG, dtype);
      const { data } = tensors.find((tensor) => tensor.name === name)!;
      new DataView(data.buffer, data.byteOffset).setUint16(data.length - 2, bits, true);
      const { stored, files } = await openCheckpoint(
        folderOf({ 'model.safetensors': writeSafetensors(tensors) }),
      );
      await expect(load(stored, files, { settings })).rejects.toMatchObject({
        code: 'tensor_values',
        message: expect.stringContaining(`${name} holds NaN or infinity`) as string,
      });
    }
  }
});

test.each([
  ['q8_0', 34, 0],
  ['q4_1', 20, 2],
] as const)('%s is refused if a scale of a block is no number', async (format, blockBytes, place) => {
  const name = 'model.layers.0.self_attn.q_proj.weight';
  const blocks = (64 * 64) / 32;
  const content = new Uint8Array(blocks * blockBytes).fill(0x15);
  const file = memoryFile('a.gguf', content);
  const tensor = { name: 'blk.0', file, begin: 0, end: content.length, dtype: '', shape: [64, 64] };
  const packed: StoredWeight = {
    kind: 'packed',
    packing: { format },
    buffers: { codes: { bytes: content.length, copy: tensor } },
  };
  const stored = new Map<string, StoredWeight>([...reversed(fileOf('b'), 0), [name, packed]]);
  const files = [file, fileOf('b')];
  expect((await load(stored, files)).get(`${name}.codes`)).toEqual(content);
  content[(blocks - 1) * blockBytes + place + 1] = 0x7e;
  await expect(load(stored, files)).rejects.toThrow(`${name} holds NaN or infinity`);
});
