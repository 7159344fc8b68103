import { describe, expect, it } from 'vitest';
import { bytesOf, concatBytes } from '../../../src/core/bytes';
import { TunesmithError } from '../../../src/core/errors';
import { headerLength, parseHeader, readTensors, writeSafetensors } from '../../../src/formats/safetensors';

/** A file with this header text (or these bytes) and that many zero bytes of data. */
function fileOf(header: string | Uint8Array, dataLength = 0, claimed?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const length = bytesOf(BigUint64Array.of(claimed ?? BigInt(json.length)));
  return concatBytes([length, json, new Uint8Array(dataLength)]);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TunesmithError) return error.code;
    throw error;
  }
  return 'no error';
}

const one = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';

describe('a malformed file is refused with its own code', () => {
  it.each([
    ['no byte', new Uint8Array(0), 'safetensors_too_short'],
    ['seven bytes', new Uint8Array(7), 'safetensors_too_short'],
    ['a header over 100 MB', fileOf('{}', 0, 100_000_001n), 'safetensors_header_too_long'],
    ['a header of 2^63 bytes', fileOf('{}', 0, 1n << 63n), 'safetensors_header_too_long'],
    ['a header beyond the file', fileOf('{}', 0, 3n), 'safetensors_header_beyond_file'],
    ['invalid UTF-8', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)), 'safetensors_header_not_utf8'],
    ['a byte order mark', fileOf('\ufeff{}'), 'safetensors_header_not_json'],
    ['an empty header', fileOf(''), 'safetensors_header_not_json'],
    ['half an object', fileOf('{"a":'), 'safetensors_header_not_json'],
    ['zero bytes as padding', fileOf('{}\0\0'), 'safetensors_header_not_json'],
    ['an array', fileOf('[]'), 'safetensors_header_not_object'],
    ['null', fileOf('null'), 'safetensors_header_not_object'],
    ['a tensor twice', fileOf(`{"t":${one},"t":${one}}`, 4), 'safetensors_header_duplicate_key'],
    [
      'a key twice, once escaped',
      fileOf(`{"t":${one},"\\u0074":${one}}`, 4),
      'safetensors_header_duplicate_key',
    ],
    [
      'shape twice',
      fileOf('{"t":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
      'safetensors_header_duplicate_key',
    ],
    ['metadata twice', fileOf('{"__metadata__":{},"__metadata__":{}}'), 'safetensors_header_duplicate_key'],
    [
      'a metadata key twice',
      fileOf('{"__metadata__":{"a":"1","a":"2"}}'),
      'safetensors_header_duplicate_key',
    ],
    ['metadata that is a list', fileOf('{"__metadata__":[]}'), 'safetensors_metadata'],
    ['metadata with a number', fileOf('{"__metadata__":{"a":1}}'), 'safetensors_metadata'],
    ['a tensor that is a string', fileOf('{"t":"F32"}'), 'safetensors_tensor_entry'],
    ['no dtype', fileOf('{"t":{"shape":[1],"data_offsets":[0,4]}}', 4), 'safetensors_dtype'],
    ['an unknown dtype', fileOf(`{"t":${one.replace('F32', 'F33')}}`, 4), 'safetensors_dtype'],
    [
      'a dtype of Object.prototype',
      fileOf(`{"t":${one.replace('F32', 'toString')}}`, 4),
      'safetensors_dtype',
    ],
    ['no shape', fileOf('{"t":{"dtype":"F32","data_offsets":[0,4]}}', 4), 'safetensors_shape'],
    ['a shape that is a number', fileOf(`{"t":${one.replace('[1]', '1')}}`, 4), 'safetensors_shape'],
    ['a shape of strings', fileOf(`{"t":${one.replace('[1]', '["1"]')}}`, 4), 'safetensors_shape'],
    ['a negative length', fileOf(`{"t":${one.replace('[1]', '[-1]')}}`, 4), 'safetensors_header_number'],
    ['a fraction', fileOf(`{"t":${one.replace('[1]', '[1.5]')}}`, 4), 'safetensors_header_number'],
    [
      'a whole number with a point',
      fileOf(`{"t":${one.replace('[1]', '[1.0]')}}`, 4),
      'safetensors_header_number',
    ],
    ['an exponent', fileOf(`{"t":${one.replace('[1]', '[1e0]')}}`, 4), 'safetensors_header_number'],
    ['a length of 2^53', fileOf(`{"t":${one.replace('[1]', '[9007199254740992]')}}`, 4), 'safetensors_shape'],
    [
      'a product beyond 2^53',
      fileOf(`{"t":${one.replace('[1]', '[4294967296,4294967296]')}}`, 4),
      'safetensors_overflow',
    ],
    [
      'half a byte',
      fileOf('{"t":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}', 2),
      'safetensors_overflow',
    ],
    ['no offsets', fileOf('{"t":{"dtype":"F32","shape":[1]}}', 4), 'safetensors_offsets'],
    ['three offsets', fileOf(`{"t":${one.replace('[0,4]', '[0,4,4]')}}`, 4), 'safetensors_offsets'],
    ['offsets backwards', fileOf(`{"t":${one.replace('[0,4]', '[4,0]')}}`, 4), 'safetensors_offsets'],
    [
      'more bytes than the shape',
      fileOf(`{"t":${one.replace('[0,4]', '[0,8]')}}`, 8),
      'safetensors_tensor_length',
    ],
    [
      'fewer bytes than the shape',
      fileOf(`{"t":${one.replace('[1]', '[2]')}}`, 4),
      'safetensors_tensor_length',
    ],
    ['an overlap', fileOf(`{"a":${one},"b":${one}}`, 4), 'safetensors_overlap'],
    [
      'half an overlap',
      fileOf(`{"a":${one},"b":${one.replace('[0,4]', '[2,6]')}}`, 6),
      'safetensors_overlap',
    ],
    ['a gap', fileOf(`{"a":${one},"b":${one.replace('[0,4]', '[8,12]')}}`, 12), 'safetensors_gap'],
    ['a gap at the start', fileOf(`{"a":${one.replace('[0,4]', '[4,8]')}}`, 8), 'safetensors_gap'],
    ['a byte too few', fileOf(`{"t":${one}}`, 3), 'safetensors_cut'],
    ['a byte too many', fileOf(`{"t":${one}}`, 5), 'safetensors_trailing'],
    ['data without a tensor', fileOf('{}', 1), 'safetensors_trailing'],
  ])('%s', (_, bytes, code) => {
    expect(codeOf(() => readTensors(bytes))).toBe(code);
  });

  it('names the file and the tensor', () => {
    const bytes = fileOf(`{"layer.weight":${one}}`, 3);
    expect(() => parseHeader(bytes, bytes.length, 'model.safetensors')).toThrow(
      /^model\.safetensors is cut short/,
    );
    const gap = fileOf(`{"layer.weight":${one.replace('[0,4]', '[4,8]')}}`, 8);
    expect(() => readTensors(gap)).toThrow(/“layer\.weight”/);
  });

  it('of which only a part of the header was read', () => {
    const bytes = fileOf(`{"t":${one}}`, 4);
    expect(headerLength(bytes.subarray(0, 8), bytes.length)).toBe(bytes.length - 12);
    expect(codeOf(() => parseHeader(bytes.subarray(0, 20), bytes.length))).toBe('safetensors_header_cut');
  });
});

describe('a good file', () => {
  it('may have padding, scalars, empty tensors, an odd order and braces in its names', () => {
    const header =
      ' \n{"a\\"{":{"dtype":"I32","shape":[],"data_offsets":[4,8]},"__metadata__":{"k":"{\\"x\\":1.5}"},' +
      '"b":{"shape":[2,0],"dtype":"F64","data_offsets":[4,4]},"c":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}  ';
    const bytes = fileOf(header, 8);
    const { tensors, metadata } = parseHeader(bytes, bytes.length);
    const begin = bytes.length - 8;
    expect(Array.from(tensors.keys())).toEqual(['c', 'b', 'a"{']);
    expect(tensors.get('a"{')).toEqual({ dtype: 'I32', shape: [], begin: begin + 4, end: begin + 8 });
    expect(tensors.get('b')).toEqual({ dtype: 'F64', shape: [2, 0], begin: begin + 4, end: begin + 4 });
    expect(metadata).toEqual({ k: '{"x":1.5}' });
  });

  it('can be parsed from its header alone', () => {
    const bytes = fileOf('{"t":{"dtype":"F32","shape":[250000000],"data_offsets":[0,1000000000]}}');
    expect(parseHeader(bytes, bytes.length + 1e9).tensors.get('t')?.end).toBe(bytes.length + 1e9);
  });

  it('comes back from the writer', () => {
    const data = Uint8Array.from({ length: 24 }, (_, i) => i);
    const bytes = writeSafetensors([{ name: 't', dtype: 'F16', shape: [3, 4], data }], { format: 'pt' });
    const { tensors, metadata } = readTensors(bytes);
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors.get('t')).toEqual({ dtype: 'F16', shape: [3, 4], data });
  });
});

describe('the writer', () => {
  it('orders, pads and escapes as the reference writer', () => {
    const tensor = (name: string, dtype: 'U8' | 'F32' | 'BF16' | 'I64', shape: number[], length: number) => ({
      name,
      dtype,
      shape,
      data: new Uint8Array(length).fill(name.charCodeAt(0)),
    });
    const bytes = writeSafetensors(
      [
        tensor('z', 'U8', [3], 3),
        tensor('b', 'F32', [1, 2], 8),
        tensor('\u{10000}', 'F32', [], 4),
        tensor('\uffff', 'F32', [], 4),
        tensor('a"é\n', 'F32', [1], 4),
        tensor('h', 'BF16', [0], 0),
        tensor('i', 'I64', [1], 8),
      ],
      { format: 'pt' },
    );
    const length = headerLength(bytes, bytes.length);
    expect(length % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
        '"a\\"é\\n":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
        '"b":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]},' +
        '"\uffff":{"dtype":"F32","shape":[],"data_offsets":[20,24]},' +
        '"\u{10000}":{"dtype":"F32","shape":[],"data_offsets":[24,28]},' +
        '"h":{"dtype":"BF16","shape":[0],"data_offsets":[28,28]},' +
        '"z":{"dtype":"U8","shape":[3],"data_offsets":[28,31]}}',
    );
    expect(bytes.length).toBe(8 + length + 31);
  });

  it('writes no metadata where there is none', () => {
    expect(new TextDecoder().decode(writeSafetensors([]).subarray(8))).toBe('{}      ');
    expect(new TextDecoder().decode(writeSafetensors([], {}).subarray(8)).trimEnd()).toBe(
      '{"__metadata__":{}}',
    );
  });

  it('refuses data of the wrong length, and a name twice', () => {
    const t = { name: 't', dtype: 'F32', shape: [2], data: new Uint8Array(8) } as const;
    expect(codeOf(() => writeSafetensors([{ ...t, shape: [3] }]))).toBe('safetensors_write');
    expect(codeOf(() => writeSafetensors([t, t]))).toBe('safetensors_write');
    expect(codeOf(() => writeSafetensors([{ ...t, name: '__metadata__' }]))).toBe('safetensors_write');
  });

  it('gives the bytes of Python safetensors 0.8', async () => {
    const { default: reference } = await import('./fixtures/safetensors_reference.json');
    const tensors = reference.tensors.map(({ name, dtype, shape, hex }) => {
      if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'U8' && dtype !== 'I64' && dtype !== 'BOOL') {
        throw new Error(`unexpected dtype ${dtype} in the fixture`);
      }
      return { name, dtype, shape, data: Buffer.from(hex, 'hex') } as const;
    });
    expect(Buffer.from(writeSafetensors(tensors, reference.metadata)).toString('hex')).toBe(reference.file);
  });
});
