import type { MessageValuesOf } from '../../core/messages/message';

type UnsupportedKind = MessageValuesOf<'file_foreign'>['kind'];

/** Kinds of files that people mistake for examples, by their first bytes. */
const UNSUPPORTED: readonly { readonly bytes: readonly number[]; readonly kind: UnsupportedKind }[] = [
  { bytes: [0x1f, 0x8b], kind: 'archive' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], kind: 'zstd' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], kind: 'xz' },
  { bytes: ascii('BZh'), kind: 'bzip2' },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf], kind: 'sevenZip' },
  {
    bytes: ascii('PK\u0003\u0004'),
    kind: 'archive',
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], kind: 'office' },
  {
    bytes: ascii('ARROW1'),
    kind: 'arrow',
  },
  { bytes: ascii('SQLite format 3'), kind: 'sqlite' },
  { bytes: ascii('%PDF'), kind: 'pdf' },
  { bytes: ascii('GGUF'), kind: 'gguf' },
  { bytes: [0xff, 0xd8, 0xff], kind: 'jpeg' },
  { bytes: [0x89, ...ascii('PNG')], kind: 'png' },
  { bytes: [0x93, ...ascii('NUMPY')], kind: 'numpy' },
  {
    bytes: ascii('version https://git-lfs'),
    kind: 'lfs',
  },
  {
    bytes: ascii('<!DOCTYPE html'),
    kind: 'html',
  },
  {
    bytes: ascii('<!doctype html'),
    kind: 'html',
  },
  { bytes: ascii('<html'), kind: 'html' },
];

/** In the header of a tar file (POSIX.1-1988), behind the name and the numbers of its first file. */
const TAR = ascii('ustar');
const TAR_AT = 257;

/** The kind of a file that holds no examples; undefined if it may hold some. */
export function unsupportedKind(head: Uint8Array): UnsupportedKind | undefined {
  if (isSafetensors(head)) return 'safetensors';
  if (TAR.every((byte, at) => head[TAR_AT + at] === byte)) return 'archive';
  return UNSUPPORTED.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte))?.kind;
}

/**
 * A safetensors file begins with the length of a JSON object in 8 bytes, the upper four of them zero, and the object.
 */
function isSafetensors(head: Uint8Array): boolean {
  return head.length > 8 && head.subarray(4, 8).every((byte) => byte === 0) && head[8] === 0x7b;
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
