/** Files that people take for examples, told by their first bytes, and what to do with each. */
const FOREIGN: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  { bytes: [0x1f, 0x8b], what: 'compressed with gzip. Unpack it first' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'compressed with zstd. Unpack it first' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'compressed with xz. Unpack it first' },
  { bytes: ascii('BZh'), what: 'compressed with bzip2. Unpack it first' },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf], what: 'a 7z archive. Unpack it first' },
  {
    bytes: ascii('PK\u0003\u0004'),
    what: 'a zip archive (or a sheet of Excel, which is one). Unpack it, or save the sheet as CSV',
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old file of Office. Save the sheet as CSV' },
  {
    bytes: ascii('PAR1'),
    what: 'a Parquet file. Write it as JSON Lines: Dataset.to_json of datasets does it',
  },
  {
    bytes: ascii('ARROW1'),
    what: 'an Arrow file. Write it as JSON Lines: Dataset.to_json of datasets does it',
  },
  { bytes: ascii('SQLite format 3'), what: 'a database of SQLite. Export the table as CSV' },
  { bytes: ascii('%PDF'), what: 'a PDF. Its text has to be put into records first' },
  { bytes: ascii('GGUF'), what: 'a model in GGUF, not examples' },
  { bytes: [0xff, 0xd8, 0xff], what: 'a picture (JPEG), and only text can be learnt here' },
  { bytes: [0x89, ...ascii('PNG')], what: 'a picture (PNG), and only text can be learnt here' },
  { bytes: [0x93, ...ascii('NUMPY')], what: 'an array of NumPy. Write it as JSON Lines' },
  {
    bytes: ascii('version https://git-lfs'),
    what: 'only a pointer of Git LFS. Fetch the file that it stands for: git lfs pull',
  },
  {
    bytes: ascii('<!DOCTYPE html'),
    what: 'a web page. Download the file itself, not the page that shows it',
  },
  {
    bytes: ascii('<!doctype html'),
    what: 'a web page. Download the file itself, not the page that shows it',
  },
  { bytes: ascii('<html'), what: 'a web page. Download the file itself, not the page that shows it' },
];

/** What a file is that holds no examples, as the end of "This is …"; undefined if it may hold some. */
export function foreignKind(head: Uint8Array): string | undefined {
  if (isSafetensors(head)) return 'a file of a model’s weights (safetensors), not of examples';
  return FOREIGN.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte))?.what;
}

/** It begins with the length of a JSON object in 8 bytes, of which the upper ones are zero, and that object. */
function isSafetensors(head: Uint8Array): boolean {
  return head.length > 8 && head.subarray(4, 8).every((byte) => byte === 0) && head[8] === 0x7b;
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
