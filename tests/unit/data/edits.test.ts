import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../src/core/file_reader';
import { Float } from '../../../src/core/lossless_json';
import { editsOf, editsText, isEdits, readEdits, type Edits } from '../../../src/data/edits';

const fileOf = (text: string) => memoryFile('edits.jsonl', new TextEncoder().encode(text));

const edits: Edits = {
  records: [
    { file: 'a.jsonl', record: 3, exclude: true },
    {
      file: 'b "quoted".csv',
      record: 3,
      evaluate: true,
      value: { instruction: 'Hi\n', output: 'Ho', n: new Float(1) },
    },
  ],
  added: [
    { value: { text: '船' } },
    { value: { text: 'x' }, evaluate: true, origin: 'SmolLM2', proposed: true },
  ],
};

describe('a file of edits', () => {
  it('gives back what was written', async () => {
    const text = editsText(edits);
    expect(isEdits(text)).toBe(true);
    expect(await readEdits(fileOf(text))).toEqual(edits);
    expect(text.trim().split('\n')).toHaveLength(5);
    expect(await readEdits(fileOf(editsText({ records: [], added: [] })))).toEqual({
      records: [],
      added: [],
    });
  });

  it('is told from examples by its first line', () => {
    expect(isEdits('{"instruction":"tunesmith_edits"}')).toBe(false);
  });

  it.each([
    'no JSON',
    '[]',
    '{"file":"a.jsonl"}',
    '{"file":"a.jsonl","record":0,"exclude":true}',
    '{"file":"a.jsonl","record":1,"exclude":false}',
    '{"file":"a.jsonl","record":1,"drop":true}',
    '{"origin":"me"}',
    '{"value":{"text":"a"},"exclude":true}',
    '{"file":"a.jsonl","record":1,"proposed":true}',
  ])('is refused with the line of %s', async (line) => {
    const text = `${editsText({ records: [], added: [] })}${line}\n`;
    await expect(readEdits(fileOf(text))).rejects.toMatchObject({ code: 'edits', line: 2 });
  });

  it('tells the edits of each file by record', () => {
    expect([...editsOf(edits, 'a.jsonl').keys()]).toEqual([3]);
    expect(editsOf(edits, 'a.jsonl').get(3)?.exclude).toBe(true);
    expect(editsOf(edits, 'c.jsonl').size).toBe(0);
  });
});
