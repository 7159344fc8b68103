import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { withTemplate } from '../../../../src/exports/card/small_files';
import { ggufText } from '../../../../src/exports/gguf/tokenizer';
import { readGgufHeader, type GgufHeader } from '../../../../src/formats/gguf';
import { keptTokenizer, type KeptTokenizer } from '../../../../src/formats/gguf_kept_tokenizer';
import { bool, f32, planGguf, text, type GgufEntry } from '../../../../src/formats/gguf_writer';
import { openCheckpoint, type Checkpoint } from '../../../../src/models/files';
import type { ModelLayout } from '../../../../src/models/layout';

const FORMATS = new URL('../../../parity/fixtures/formats/', import.meta.url);

async function opened(name: string): Promise<Checkpoint> {
  const file = memoryFile(
    'model.gguf',
    new Uint8Array(await readFile(new URL(`${name}/model.gguf`, FORMATS))),
  );
  return await openCheckpoint(new Map([[file.name, file]]));
}

const textOf = (facts: Checkpoint, change: Partial<Checkpoint> = {}) =>
  ggufText({ facts: { ...facts, ...change }, layout: { spec: facts.spec } as ModelLayout });

const headerOf = async (entries: ReadonlyMap<string, GgufEntry>): Promise<GgufHeader> =>
  await readGgufHeader(memoryFile('a.gguf', planGguf(entries, []).header));

/** The entries as a file with them is read. */
async function asRead(entries: ReadonlyMap<string, GgufEntry>): Promise<Readonly<Record<string, unknown>>> {
  return Object.fromEntries((await headerOf(entries)).metadata);
}

/** A kept tokenizer with other values. */
async function changed(kept: KeptTokenizer, entries: Record<string, GgufEntry>): Promise<KeptTokenizer> {
  return { ...kept, ...keptTokenizer(await headerOf(new Map(Object.entries(entries)))) };
}

const asEncoded = async (entries: ReadonlyMap<string, GgufEntry>) => keptTokenizer(await headerOf(entries));

/** A value of a type that the writer has no other use for: its number in the file, and 8 bytes. */
const encoded = (type: number, bits: bigint): GgufEntry => {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setBigUint64(4, bits, true);
  return { type: 'encoded', bytes, value: 0 };
};

describe.each(['gguf_llama', 'gguf_qwen2', 'gguf_llama_k'])('the tokenizer of a base from %s', (name) => {
  it('is kept entry by entry, with what can’t be made again', async () => {
    const facts = await opened(name);
    // Another name of a splitting, a token that is not used, and an entry that nothing here reads.
    const read = await asRead(textOf(facts).entries);
    const types = read['tokenizer.ggml.token_type'] as readonly number[];
    const own = await changed(facts.ggufTokenizer!, {
      'tokenizer.ggml.remove_extra_whitespaces': bool(false),
      ...(name === 'gguf_qwen2' && { 'tokenizer.ggml.pre': text('deepseek-r1-qwen') }),
      'tokenizer.ggml.token_type': { type: 'array', of: 'i32', values: [...types.slice(0, -1), 5] },
      // No padding, a whole number as f32, and numbers of 64 bits: unsigned, and no number at all.
      'tokenizer.ggml.padding_token_id': { type: 'i32', value: -1 },
      'tokenizer.ggml.scale': f32(1),
      'tokenizer.ggml.hash': encoded(10, 2n ** 64n - 1n),
      'tokenizer.ggml.limit': encoded(12, 0x7ff8000000000001n),
      'tokenizer.ggml.more': { type: 'array', of: 'u32', values: [1, 2] },
    });
    expect(await asEncoded(textOf(facts, { ggufTokenizer: own }).entries)).toEqual(own);
  });

  it('has the template of the run, and all else of the base', async () => {
    const facts = await opened(name);
    const other = withTemplate(facts, 'another {{ messages[0].content }}');
    const read = await asRead(
      ggufText({ facts: other, layout: { spec: facts.spec } as ModelLayout }).entries,
    );
    const expected = {
      ...(await asRead(textOf(facts).entries)),
      'tokenizer.chat_template': 'another {{ messages[0].content }}',
    };
    expect({ ...read, 'tokenizer.ggml.add_bos_token': null }).toEqual({
      ...expected,
      'tokenizer.ggml.add_bos_token': null,
    });
    // The template doesn't begin with the token, so llama.cpp must not put it there either.
    expect(read['tokenizer.ggml.add_bos_token'] ?? false).toBe(false);
  });
});
