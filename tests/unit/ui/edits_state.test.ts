import { describe, expect, it } from 'vitest';
import { Float, type LosslessJson } from '../../../src/core/lossless_json';
import {
  countsOf,
  EDITS_FILE,
  NO_EDITS,
  pathText,
  textsOf,
  withAdded,
  withChange,
  withText,
} from '../../../src/ui/examples/rows/edits';
import { EditsState } from '../../../src/ui/examples/rows/edits.svelte';
import type { ExampleFile } from '../../../src/worker/protocol';

const row = { file: 'a.jsonl', record: 3 };

describe('changes of rows', () => {
  it('gather in one edit a row, which vanishes once the row is as before', () => {
    const one = withChange(NO_EDITS, row, { exclude: true });
    const two = withChange(one, row, { value: { text: 'x' } });
    expect(two.records).toEqual([{ ...row, exclude: true, value: { text: 'x' } }]);
    expect(countsOf(two)).toEqual({ excluded: 1, edited: 1, evaluated: 0, added: 0 });
    const back = withChange(withChange(two, row, { exclude: undefined }), row, { value: undefined });
    expect(back).toEqual(NO_EDITS);
  });

  it('change added rows in their place, and leaving one out removes it', () => {
    const added = withAdded(NO_EDITS, { value: 'a' }, { value: 'b' });
    const second = { file: EDITS_FILE, record: 2 };
    expect(withChange(added, second, { value: 'c', evaluate: true }).added).toEqual([
      { value: 'a' },
      { value: 'c', evaluate: true },
    ]);
    expect(withChange(added, { file: EDITS_FILE, record: 1 }, { exclude: true }).added).toEqual([
      { value: 'b' },
    ]);
  });

  it('touch the texts of a record and nothing else', () => {
    const value: LosslessJson = {
      messages: [{ role: 'user', content: 'Hi', weight: new Float(1) }],
      more: new Map<string, LosslessJson>([['7', 'seven']]),
      none: null,
    };
    expect(textsOf(value)).toEqual([
      { path: ['messages', 0, 'role'], text: 'user' },
      { path: ['messages', 0, 'content'], text: 'Hi' },
      { path: ['more', '7'], text: 'seven' },
    ]);
    expect(withText(value, ['messages', 0, 'content'], 'Ho')).toEqual({
      ...value,
      messages: [{ role: 'user', content: 'Ho', weight: new Float(1) }],
    });
    expect(withText(value, ['more', '7'], 'VII')).toEqual({ ...value, more: new Map([['7', 'VII']]) });
    expect(withText('old', [], 'new')).toBe('new');
    expect(pathText(['messages', 0, 'content'])).toBe('messages › 1 › content');
  });
});

describe('the state of the changes', () => {
  function state() {
    const files: (ExampleFile | undefined)[] = [];
    return { edits: new EditsState((file) => files.push(file)), files };
  }

  it('can be undone and done again, and is a file each time', async () => {
    const { edits, files } = state();
    expect([edits.canUndo, edits.canRedo]).toEqual([false, false]);
    edits.change(row, { exclude: true });
    edits.add({ value: { instruction: 'a', output: 'b' } });
    expect(files).toHaveLength(2);
    const both = edits.edits;
    edits.undo();
    expect(countsOf(edits.edits)).toMatchObject({ excluded: 1, added: 0 });
    edits.undo();
    expect([edits.edits, files.at(-1), edits.canUndo]).toEqual([NO_EDITS, undefined, false]);
    edits.redo();
    edits.redo();
    expect([edits.edits, edits.canRedo]).toEqual([both, false]);

    const other = state().edits;
    await other.adopt([{ name: 'a.jsonl', content: new Blob() }, files.at(-1)!]);
    expect(other.edits).toEqual(both);
    expect(other.canUndo).toBe(false);
    await other.adopt([]);
    expect(other.edits).toEqual(NO_EDITS);
  });

  it('accepts proposed rows and throws them away', () => {
    const { edits } = state();
    const [a, b, c] = ['a', 'b', 'c'].map((value) => ({ value, origin: 'm', proposed: true }) as const);
    edits.add(a!, b!, c!);
    edits.accept(1, 3);
    const accepted = [{ value: 'a', origin: 'm' }, b, { value: 'c', origin: 'm' }];
    expect(edits.edits.added).toEqual(accepted);
    edits.throwAway(2);
    expect(edits.edits.added).toEqual([accepted[0], accepted[2]]);
    edits.undo();
    expect(edits.edits.added).toEqual(accepted);
  });

  it('drops the changes of a file that is gone, and all if asked to', () => {
    const { edits } = state();
    edits.change(row, { exclude: true });
    edits.change({ file: 'b.jsonl', record: 1 }, { evaluate: true });
    edits.change({ file: 'c.zip/c.jsonl', record: 1 }, { exclude: true });
    edits.forget('a.jsonl');
    edits.forget('c.zip');
    expect(edits.edits.records.map(({ file }) => file)).toEqual(['b.jsonl']);
    // Another file may get the name.
    for (let step = 0; step < 3; step++) {
      edits.undo();
      expect(edits.edits.records.map(({ file }) => file)).not.toContain('a.jsonl');
    }
    for (let step = 0; step < 3; step++) edits.redo();
    expect(edits.edits.records.map(({ file }) => file)).toEqual(['b.jsonl']);
    edits.reset();
    expect(edits.edits).toEqual(NO_EDITS);
    edits.undo();
    expect(edits.edits.records).toHaveLength(1);
  });
});
