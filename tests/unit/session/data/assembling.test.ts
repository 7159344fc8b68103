import { describe, expect, it } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { editsText, type RecordEdit } from '../../../../src/data/edits';
import { cleanRows } from '../../../../src/session/data/clean_rows';

const fileOf = (name: string, text: string): FileReader => memoryFile(name, new TextEncoder().encode(text));
const rowsOf = (name: string, count: number): FileReader =>
  fileOf(
    `${name}.jsonl`,
    Array.from({ length: count }, (_, n) => JSON.stringify({ text: `${name}${n + 1}` })).join('\n'),
  );

/** The texts of a pass over rows of two files, with two added ones. */
async function pass(changes: Partial<TrainSettings>, records: readonly RecordEdit[] = []) {
  const added = [{ value: { text: 'new1' } }, { value: { text: 'new2' } }];
  const edits = fileOf('changes.jsonl', editsText({ records, added }));
  const files = [rowsOf('a', 6), rowsOf('b', 4), edits];
  const rows = await cleanRows(files, { ...DEFAULTS, eval_split: 0, ...changes });
  const texts: string[] = [];
  for await (const sample of rows.samples()) if (sample.kind === 'text') texts.push(sample.text);
  return { texts, heldOut: rows.heldOut, trained: rows.sources.map(({ trained }) => trained) };
}

describe('added rows', () => {
  it.each([
    ['concat', {}, [6, 4, 2]],
    ['interleave_under', {}, [4, 4, 2]],
    ['interleave_over', {}, [6, 6, 2]],
    ['concat', { 'a.jsonl': { weight: 2 }, 'changes.jsonl': { weight: 3, num_samples: 9 } }, [12, 4, 2]],
  ] as const)('follow the mixed files once each, with %s and %o', async (mix_strategy, sources, trained) => {
    const mixed = await pass({ mix_strategy, sources });
    expect(mixed.trained).toEqual(trained);
    expect(mixed.texts.slice(-2)).toEqual(['new1', 'new2']);
  });

  it.each(['interleave_under', 'interleave_over'] as const)('change no draw of %s', async (mix_strategy) => {
    const sources = { 'a.jsonl': { weight: 0.7 }, 'b.jsonl': { weight: 0.3 } };
    const settings = { ...DEFAULTS, eval_split: 0, mix_strategy, sources };
    const { count } = await cleanRows([rowsOf('a', 6), rowsOf('b', 4)], settings);
    const { texts, trained } = await pass({ mix_strategy, sources });
    expect([texts.length, trained[2]]).toEqual([count + 2, 2]);
  });
});

it('max_samples leaves out no added row, and none that the person holds out', async () => {
  const { texts, heldOut } = await pass({ max_samples: 1 }, [{ file: 'a.jsonl', record: 5, evaluate: true }]);
  expect(texts).toEqual(['a1', 'b1', 'new1', 'new2']);
  expect(heldOut).toBe(1);
});
