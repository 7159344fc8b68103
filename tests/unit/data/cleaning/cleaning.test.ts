import { describe, expect, it } from 'vitest';
import { CLEANING_STEPS, type Cleaning, type CleaningStep } from '../../../../src/core/settings/cleaning';
import { parseSettings } from '../../../../src/core/settings/settings';
import { Cleaner } from '../../../../src/data/cleaning/cleaner';
import { CleaningPass } from '../../../../src/data/cleaning/cleaning';
import type { CleaningReport } from '../../../../src/data/cleaning/report';
import { isLearnt, type Sample } from '../../../../src/data/messages';
import { sampleOf } from '../../../../src/data/shapes';
import { Draws, drawnSample } from './rows';

const settingOf = (cleaning: unknown): Cleaning => parseSettings({ cleaning }).cleaning;

function sample(record: object): Sample {
  const read = sampleOf(record as never);
  if ('kind' in read && isLearnt(read)) return read;
  throw new Error('not a record');
}

/** Cleans rows one after the other, as reading does. */
async function cleaned(
  samples: readonly Sample[],
  cleaning: unknown,
): Promise<{ readonly kept: readonly Sample[]; readonly report: CleaningReport }> {
  const kept: Sample[] = [];
  const pass = new CleaningPass(await Cleaner.of(settingOf(cleaning)), {
    sample: (row) => Promise.resolve(kept[row]!),
    place: (row) => ({ file: 'kept', record: row + 1 }),
  });
  for (const [at, given] of samples.entries()) {
    const taken = await pass.take(given, { file: 'rows', record: at + 1 }, (each) => each);
    if (!taken) continue;
    pass.add(taken.sample, kept.length);
    kept.push(taken.sample);
  }
  return { kept, report: pass.report! };
}

/** Every step, with its default options where it has some. */
const ALL: Readonly<Record<CleaningStep, object>> = {
  ...(Object.fromEntries(CLEANING_STEPS.map((step) => [step, {}])) as Record<CleaningStep, object>),
  language: { keep: ['en', 'zh'] },
};

function drawn(name: string, count: number, faults?: boolean): readonly Sample[] {
  const draws = new Draws(name);
  return Array.from({ length: count }, () => drawnSample(draws, faults)).filter((each) => each !== undefined);
}

describe('cleaning', () => {
  it('with all steps: the second cleaning changes and drops nothing', async () => {
    const { kept, report } = await cleaned(drawn('twice', 600), ALL);
    expect(kept.length).toBeGreaterThan(100);
    expect(report.steps.filter(({ changed, dropped }) => changed + dropped > 0).length).toBeGreaterThan(2);
    const again = await cleaned(kept, ALL);
    expect(again.kept).toHaveLength(kept.length);
    expect(again.kept.every((each, at) => each === kept[at])).toBe(true);
    expect(again.report.steps.every(({ changed, dropped }) => changed + dropped === 0)).toBe(true);
  });

  it('with each step alone: counts are those of the rows that differ or are missing', async () => {
    const rows = drawn('alone', 300);
    for (const step of CLEANING_STEPS) {
      const { kept, report } = await cleaned(rows, { [step]: ALL[step] });
      const [told] = report.steps;
      const whole = new Set(rows);
      const changed = kept.filter((each) => !whole.has(each));
      expect([report.rows, report.kept]).toEqual([rows.length, kept.length]);
      expect(told).toMatchObject({ step, changed: changed.length, dropped: rows.length - kept.length });
      expect(told!.examples).toHaveLength(Math.min(5, changed.length + told!.dropped));
    }
  });

  it('is told in full: rows that are neither changed nor dropped are the same objects', async () => {
    const rows = drawn('told', 400);
    const { kept, report } = await cleaned(rows, 'strict');
    const dropped = report.steps.reduce((sum, each) => sum + each.dropped, 0);
    expect(report.kept).toBe(kept.length);
    expect(dropped + kept.length).toBe(rows.length);
    const whole = new Set(rows);
    const changed = kept.filter((each) => !whole.has(each)).length;
    const most = Math.max(...report.steps.map((each) => each.changed));
    expect(changed).toBeGreaterThanOrEqual(most);
    expect(changed).toBeLessThanOrEqual(report.steps.reduce((sum, each) => sum + each.changed, 0));
  });

  it('does nothing at all if no step is on', async () => {
    const rows = drawn('none', 50);
    const { kept, report } = await cleaned(rows, 'none');
    expect(kept.every((each, at) => each === rows[at])).toBe(true);
    expect(report).toBeUndefined();
  });

  it('shows the place of a change, and the earlier row of a duplicate', async () => {
    const long = 'word '.repeat(50);
    const rows = [{ text: `${long}end \r\nmore` }, { text: 'one' }, { text: 'one ' }].map(sample);
    const { report } = await cleaned(rows, { spaces: {}, duplicates: {} });
    const [spaces, duplicates] = report.steps;
    expect(spaces).toMatchObject({ changed: 1, examples: [{ file: 'rows', record: 1 }] });
    expect(spaces!.examples[0]!.before).toContain('end \r\nmore');
    expect(spaces!.examples[0]!.after).toContain('end\nmore');
    const like = { file: 'kept', record: 2 };
    expect(duplicates).toMatchObject({ dropped: 1, examples: [{ record: 3, before: 'one', like }] });
  });

  it('forgets what it decided since a state', async () => {
    const pass = new CleaningPass(await Cleaner.of(settingOf('light')), {
      sample: () => Promise.reject(new Error('not needed')),
      place: (row) => ({ file: 'f', record: row }),
    });
    const take = async (record: number, row: number, text: string): Promise<boolean> => {
      const taken = await pass.take(sample({ text }), { file: 'f', record }, (each) => each);
      if (taken) pass.add(taken.sample, row);
      return taken !== undefined;
    };
    await take(1, 0, 'one ');
    const before = pass.report;
    await take(2, 1, 'two ');
    expect(await take(3, 2, 'two')).toBe(false);
    pass.restore(before, 1);
    expect(pass.report).toEqual(before);
    expect(await take(1, 1, 'two')).toBe(true);
    expect(await take(2, 2, 'one')).toBe(false);
  });
});

describe('the steps', () => {
  const cleanText = async (cleaning: unknown, text: string): Promise<string | undefined> => {
    const [row] = (await cleaned([sample({ text })], cleaning)).kept;
    return row?.kind === 'text' ? row.text : undefined;
  };

  it('spaces: keep the form of code and of Markdown', async () => {
    expect(await cleanText({ spaces: {} }, ' a\r\n    b\u00a0\t\n\n\n\n- c  d\u2028e\r')).toBe(
      'a\n    b\n\n- c  d\ne',
    );
    expect(await cleanText({ spaces: {} }, '\n    x = 1 \n    return x\n')).toBe('    x = 1\n    return x');
    // A time that grew with the square of the spaces would be minutes.
    expect(await cleanText({ spaces: {} }, `a${' '.repeat(1e6)}b`)).toHaveLength(1e6 + 2);
  });

  it('unicode: compose characters', async () => {
    expect(await cleanText({ unicode: {} }, 'nai\u0308ve')).toBe('na\u00efve');
  });

  it('length: count characters, and leave calls without an answer alone', async () => {
    const row = (question: string, answer: object) =>
      sample({
        messages: [
          { role: 'user', content: question },
          { role: 'assistant', ...answer },
        ],
      });
    const call = { content: null, tool_calls: [{ function: { name: 'f', arguments: {} } }] };
    const rows = [
      row('鱼🐟?', { content: 'ab' }),
      row('鱼?', { content: 'ab' }),
      row('鱼鱼?', { content: 'abc' }),
    ];
    const options = { min_question: 3, min_answer: 2, max_answer: 2 };
    const { kept } = await cleaned([...rows, row('鱼鱼?', call)], { length: options });
    expect(kept.map((each) => (each.kind === 'chat' ? each.messages[0]?.content : ''))).toEqual([
      '鱼🐟?',
      '鱼鱼?',
    ]);
  });

  it('change the parts of an Alpaca question, parts of contents and thoughts; names and calls stay', async () => {
    const call = { id: 'a ', function: { name: 'f', arguments: '{"q": "x ", "n": 1.0}' } };
    const rows = [
      sample({ instruction: 'Say ', input: ' it ', output: 'It. ' }),
      sample({ instruction: 'Say ', input: '\u00a0\n', output: 'It. ' }),
      sample({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a ' },
              { type: 'text', text: 'b ' },
            ],
          },
          { role: 'assistant', content: 'c ', reasoning_content: 'd ', tool_calls: [call], name: 'e ' },
        ],
      }),
    ];
    const { kept } = await cleaned(rows, { spaces: {} });
    expect(kept[0]).toMatchObject({
      messages: [{ content: 'Say\nit', alpaca: { instruction: 'Say', input: 'it' } }, { content: 'It.' }],
    });
    expect(kept[1]).toMatchObject({ messages: [{ content: 'Say' }, { content: 'It.' }] });
    const messages = kept[2]?.kind === 'chat' ? kept[2].messages : [];
    expect(messages[0]).toMatchObject({
      content: 'a b',
      fields: { content: [{ type: 'text', text: 'a b' }] },
    });
    const { fields, asGiven } = messages[1]!;
    expect(fields).toMatchObject({ content: 'c', reasoning_content: 'd', name: 'e ' });
    expect(fields?.tool_calls).toBe(rows[2]?.kind === 'chat' && rows[2].messages[1]?.fields?.tool_calls);
    expect(asGiven).toMatchObject({ content: 'c', tool_calls: [call] });
  });

  it('keep a row with a question that was blank before', async () => {
    const { kept, report } = await cleaned(
      [
        sample({
          messages: [
            { role: 'user', content: ' ' },
            { role: 'assistant', content: 'x' },
          ],
        }),
      ],
      { spaces: {} },
    );
    expect([kept.length, report.steps[0]?.changed]).toEqual([1, 1]);
  });
});

describe('the setting', () => {
  it('has one form of each value', () => {
    expect(settingOf({})).toBe('none');
    expect(settingOf({ duplicates: {}, spaces: {} })).toEqual({ spaces: {}, duplicates: {} });
    expect(JSON.stringify(settingOf({ duplicates: {}, spaces: {} }))).toBe('{"spaces":{},"duplicates":{}}');
    expect(settingOf({ length: { min_answer: 3 } })).toEqual({
      length: { min_question: 1, max_question: 1e9, min_answer: 3, max_answer: 1e9 },
    });
    expect(() => settingOf({ space: {} })).toThrow();
    expect(() => settingOf({ spaces: { deep: true } })).toThrow();
  });

  it('takes the steps of a preset for the preset', () => {
    expect(settingOf({ duplicates: {}, unicode: {}, spaces: {}, characters: {} })).toBe('light');
  });
});
