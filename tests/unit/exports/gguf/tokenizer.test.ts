import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { withTemplate } from '../../../../src/exports/card/small_files';
import { ggufText } from '../../../../src/exports/gguf/tokenizer';
import { readGgufHeader } from '../../../../src/formats/gguf';
import { planGguf, type GgufEntry } from '../../../../src/formats/gguf_writer';
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

/** The entries as a file with them is read. */
async function asRead(entries: ReadonlyMap<string, GgufEntry>): Promise<Readonly<Record<string, unknown>>> {
  const { header } = planGguf(entries, []);
  const { metadata } = await readGgufHeader(memoryFile('a.gguf', header));
  return Object.fromEntries(metadata);
}

describe.each(['gguf_llama', 'gguf_qwen2', 'gguf_llama_k'])('the tokenizer of a base from %s', (name) => {
  it('is kept entry by entry, with what can’t be made again', async () => {
    const facts = await opened(name);
    // Another name of a splitting, a token that is not used, and an entry that nothing here reads.
    const own: Record<string, unknown> = {
      ...facts.ggufTokenizer,
      'tokenizer.ggml.remove_extra_whitespaces': false,
    };
    if (name === 'gguf_qwen2') own['tokenizer.ggml.pre'] = 'deepseek-r1-qwen';
    const types = own['tokenizer.ggml.token_type'] as readonly number[];
    own['tokenizer.ggml.token_type'] = [...types.slice(0, -1), 5];
    expect(await asRead(textOf(facts, { ggufTokenizer: own }).entries)).toEqual(own);
  });

  it('has the template of the run, and all else of the base', async () => {
    const facts = await opened(name);
    const other = withTemplate(facts, 'another {{ messages[0].content }}');
    const read = await asRead(
      ggufText({ facts: other, layout: { spec: facts.spec } as ModelLayout }).entries,
    );
    const expected = {
      ...facts.ggufTokenizer,
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
