import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../src/core/bytes';
import { readGgufHeader, type GgufHeader } from '../../../src/formats/gguf';
import fixtures from './fixtures/packed.json';

/** Reads are counted, so that a test can tell how much was asked for. */
async function read(
  bytes: Uint8Array,
  size = bytes.length,
): Promise<GgufHeader & { readonly asked: number }> {
  let asked = 0;
  const header = await readGgufHeader({
    name: 'model.gguf',
    size,
    read: (begin, end) => {
      asked += end - begin;
      return Promise.resolve(bytes.subarray(begin, end));
    },
  });
  return { ...header, asked };
}

describe('a file that the gguf package wrote', () => {
  const bytes = new Uint8Array(Buffer.from(fixtures.gguf.file, 'base64'));

  test('has its metadata of every type', async () => {
    const { version, metadata } = await read(bytes);
    expect(version).toBe(3);
    expect(Object.fromEntries(metadata)).toMatchObject({
      'general.architecture': 'llama',
      'llama.block_count': 1,
      'test.u8': 200,
      'test.i8': -100,
      'test.u16': 60000,
      'test.i16': -30000,
      'test.i32': -2_000_000_000,
      'test.f32': 0.5,
      'test.u64': 2n ** 63n + 1n,
      'test.i64': -(2 ** 40),
      'test.f64': 0.1,
      'test.bool': true,
      'test.texts': ['a', 'ß', '日本語', '', 'a text of more than twenty-four bytes'],
      'test.numbers': [1.5, -2],
    });
  });

  test('has its tensors, with the outermost axis first', async () => {
    const { tensors } = await read(bytes);
    expect(tensors.get('blk.0.attn_k.weight')).toMatchObject({ type: 'Q4_0', shape: [16, 32] });
    expect(tensors.get('output_norm.weight')).toMatchObject({ type: 'F32', shape: [32] });
    for (const { begin } of tensors.values()) expect(begin % 32).toBe(0);
  });

  test.each([1, 3, 8, 20, 100, 500])('is refused where it ends after a part of %i in 1000', async (part) => {
    const cut = bytes.subarray(0, Math.floor((bytes.length * part) / 1000));
    await expect(read(cut)).rejects.toMatchObject({ name: 'TunesmithError' });
  });
});

/** Builds files by hand, to build wrong ones. */
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number | bigint): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string | Uint8Array): Uint8Array => {
  const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return concatBytes([u64(content.length), content]);
};
const entry = (key: string, type: number, ...value: Uint8Array[]): Uint8Array =>
  concatBytes([text(key), u32(type), ...value]);
const tensor = (
  name: string,
  shape: readonly (number | bigint)[],
  type: number,
  offset: number | bigint,
): Uint8Array => concatBytes([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);

interface Parts {
  readonly magic?: Uint8Array;
  readonly version?: number;
  readonly tensors?: readonly Uint8Array[];
  readonly tensorCount?: number | bigint;
  readonly metadata?: readonly Uint8Array[];
  readonly metadataCount?: number | bigint;
  readonly data?: number;
  readonly alignment?: number;
}

function build({
  magic = new TextEncoder().encode('GGUF'),
  version = 3,
  tensors = [],
  tensorCount = tensors.length,
  metadata = [],
  metadataCount = metadata.length,
  data = 0,
  alignment = 32,
}: Parts): Uint8Array {
  const head = concatBytes([
    magic,
    u32(version),
    u64(tensorCount),
    u64(metadataCount),
    ...metadata,
    ...tensors,
  ]);
  return concatBytes([
    head,
    new Uint8Array((alignment - (head.length % alignment)) % alignment),
    new Uint8Array(data),
  ]);
}

const F32 = 0;
const Q8_0 = 8;
const one = tensor('a', [8], F32, 0);

test.each<[string, Parts]>([
  ['version 2', { version: 2, tensors: [one], data: 32 }],
  ['two tensors in any order', { tensors: [tensor('b', [8], F32, 32), one], data: 64 }],
  ['a last tensor without padding', { tensors: [tensor('a', [3], F32, 0)], data: 12 }],
  ['a last tensor with padding', { tensors: [tensor('a', [3], F32, 0)], data: 32 }],
  ['blocks', { tensors: [tensor('a', [64, 3], Q8_0, 0)], data: 204 }],
  [
    'an alignment of its own',
    { metadata: [entry('general.alignment', 4, u32(128))], tensors: [one], data: 32, alignment: 128 },
  ],
  ['no tensors', { metadata: [entry('a', 0, Uint8Array.of(1))] }],
  [
    'arrays in an array',
    { metadata: [entry('a', 9, u32(9), u64(2), u32(0), u64(0), u32(0), u64(1), u32(7))] },
  ],
])('a file with %s is read', async (_, parts) => {
  const { tensors } = await read(build(parts));
  expect(tensors.size).toBe(parts.tensors?.length ?? 0);
});

const nested = (depth: number): Uint8Array =>
  depth === 0 ? concatBytes([u32(0), u64(0)]) : concatBytes([u32(9), u64(1), nested(depth - 1)]);

test.each<[string, string, Parts]>([
  ['another magic', 'gguf_magic', { magic: new TextEncoder().encode('GGML') }],
  ['version 1', 'gguf_version', { version: 1 }],
  ['version 4', 'gguf_version', { version: 4 }],
  ['the other byte order', 'gguf_version', { version: 0x03000000 }],
  ['a billion tensors', 'gguf_count', { tensorCount: 1e9 }],
  ['2^63 entries', 'gguf_count', { metadataCount: 2n ** 63n }],
  ['a text beyond the file', 'gguf_count', { metadata: [entry('a', 8, u64(1e9))] }],
  ['an array beyond the file', 'gguf_count', { metadata: [entry('a', 9, u32(0), u64(1e9))] }],
  ['an array of nothing', 'gguf_metadata_type', { metadata: [entry('a', 9, u32(13), u64(1), u32(0))] }],
  ['arrays in arrays in arrays', 'gguf_metadata_type', { metadata: [entry('a', 9, nested(5))] }],
  ['a value of no type', 'gguf_metadata_type', { metadata: [entry('a', 13, u32(0))] }],
  ['neither true nor false', 'gguf_metadata_bool', { metadata: [entry('a', 7, Uint8Array.of(2))] }],
  ['text that is not UTF-8', 'gguf_text', { metadata: [entry('a', 8, text(Uint8Array.of(0xff)))] }],
  ['a key twice', 'gguf_metadata_key', { metadata: [entry('a', 4, u32(0)), entry('a', 4, u32(0))] }],
  ['a key without a name', 'gguf_metadata_key', { metadata: [entry('', 4, u32(0))] }],
  ['an alignment of 0', 'gguf_alignment', { metadata: [entry('general.alignment', 4, u32(0))] }],
  ['an alignment of 48', 'gguf_alignment', { metadata: [entry('general.alignment', 4, u32(48))] }],
  ['an alignment in words', 'gguf_alignment', { metadata: [entry('general.alignment', 8, text('32'))] }],
  ['no axes', 'gguf_shape', { tensors: [tensor('a', [], F32, 0), one], data: 32 }],
  ['five axes', 'gguf_shape', { tensors: [tensor('a', [1, 1, 1, 1, 8], F32, 0)], data: 32 }],
  ['an empty axis', 'gguf_shape', { tensors: [tensor('a', [0, 8], F32, 0)], data: 32 }],
  ['an axis of 2^63', 'gguf_length', { tensors: [tensor('a', [2n ** 63n], F32, 0)], data: 32 }],
  [
    'axes of 2^106 together',
    'gguf_shape',
    { tensors: [tensor('a', [2n ** 52n, 2n ** 52n], F32, 0)], data: 32 },
  ],
  ['rows of half blocks', 'gguf_shape', { tensors: [tensor('a', [48, 2], Q8_0, 0)], data: 102 }],
  ['a type that was given up', 'gguf_type', { tensors: [tensor('a', [8], 4, 0)], data: 32 }],
  ['a type of tomorrow', 'gguf_type', { tensors: [tensor('a', [8], 1000, 0)], data: 32 }],
  ['an offset out of step', 'gguf_unaligned', { tensors: [tensor('a', [8], F32, 4)], data: 64 }],
  ['a gap', 'gguf_gap', { tensors: [tensor('a', [8], F32, 32)], data: 64 }],
  ['an overlap', 'gguf_overlap', { tensors: [one, tensor('b', [8], F32, 0)], data: 32 }],
  ['one name twice', 'gguf_tensor_twice', { tensors: [one, tensor('a', [8], F32, 32)], data: 64 }],
  ['missing bytes', 'gguf_cut', { tensors: [one], data: 31 }],
  ['too many bytes', 'gguf_trailing', { tensors: [one], data: 33 }],
])('a file with %s is refused with its own code', async (_, code, parts) => {
  const found = await read(build(parts)).then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code,
  );
  expect(found).toBe(code);
});

test('a vocabulary of 260,000 words is read in a moment, and no more than the header twice over', async () => {
  const count = 260_000;
  const word = (index: number): Uint8Array => text(index % 7 === 0 ? `▁слово${index}` : `word${index}`);
  const words = Array.from({ length: count }, (_, index) => word(index));
  const list = concatBytes([u32(8), u64(count), ...words]);
  const bytes = build({
    metadata: [entry('tokens', 9, list)],
    tensors: [tensor('a', [2 ** 23], F32, 0)],
    data: 2 ** 25,
  });
  const { metadata, asked } = await read(bytes);
  expect(metadata.get('tokens')).toHaveLength(count);
  expect(asked).toBeLessThan(20e6);
});
