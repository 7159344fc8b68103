import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  Float,
  JsonFault,
  JsonUnfinished,
  LosslessParser,
  parseLosslessJson,
} from '../../../src/core/lossless_json';
import { jsonOf } from '../../../src/data/jinja/json_of';
import { reprOf } from '../../../src/data/jinja/text_of';
import { fromJson } from '../../../src/data/jinja/values';

type Case = readonly [text: string] | readonly [text: string, repr: string, dumps: string];
const cases = JSON.parse(readFileSync(new URL('json_cases.json', import.meta.url), 'utf8')) as Case[];

function faultOf(text: string): JsonFault {
  try {
    parseLosslessJson(text);
  } catch (fault) {
    if (fault instanceof JsonFault) return fault;
  }
  throw new Error(`${text} was read`);
}

describe('lossless JSON', () => {
  it('is read, and printed in a template, as Python reads and prints it', () => {
    for (const [text, repr, dumps] of cases) {
      if (repr === undefined) continue;
      const value = fromJson(parseLosslessJson(text));
      expect([text, reprOf(value), jsonOf(value)]).toEqual([text, repr, dumps]);
    }
  });

  it('is refused if Python refuses it', () => {
    const refused = cases.filter(([, repr]) => repr === undefined);
    expect(refused.length).toBeGreaterThan(100);
    for (const [text] of refused) expect(() => parseLosslessJson(text), text).toThrow(JsonFault);
  });

  it('keeps integers that no number holds, floats, and the order of keys', () => {
    expect(parseLosslessJson('[9007199254740993, 1, 1.0]')).toEqual([9007199254740993n, 1, new Float(1)]);
    expect(parseLosslessJson('{"b":1,"10":2}')).toEqual(
      new Map([
        ['b', 1],
        ['10', 2],
      ]),
    );
    expect(parseLosslessJson('{"b":1,"a":2}')).toEqual({ b: 1, a: 2 });
  });

  it.each([
    ['[1,]', 2, /there is an extra comma before \]/],
    ['{"a":1,\n}', 6, /there is an extra comma before \}/],
    ['[1 2]', 3, /a comma or \] is missing before this: 2/],
    ['{"a" 1}', 5, /a colon is missing/],
    ["{'a':1}", 1, /double quotes, not in single ones/],
    ['[None]', 1, /None is Python’s; JSON has null/],
    ['{"a":"b\n"}', 7, /a text has a line break in it/],
    ['{"a":"b', 5, /the quote that opens here is never closed/],
    ['{"a":1', 6, /the text ends where , or \} should follow/],
    ['[1] 2', 4, /something follows/],
    ['\ufeff1', 0, /a byte order mark is in the middle/],
    ['["\\x"]', 2, /\\x is not a JSON escape/],
    ['["\\ud83d."]', 2, /half of a character/],
    ['["\\ude00"]', 2, /half of a character/],
    ['['.repeat(502), 501, /nested more than 500 deep/],
    ['01', 0, /01 is not a JSON number/],
  ])('names the fault of %j and its place', (text, offset, message) => {
    const fault = faultOf(text);
    expect(fault.offset).toBe(offset);
    expect(fault.message).toMatch(message);
  });

  it('is read to the same value whichever parts of it have come', () => {
    for (const [text, repr] of cases) {
      if (repr === undefined || text.length > 200) continue;
      const whole = `${text} `;
      for (let length = 0; length <= text.length; length++) {
        const parser = new LosslessParser(whole.slice(0, length), false);
        try {
          parser.skipSpace();
          const value = parser.value();
          // A value that ends before the text does is the whole one.
          expect([text, length, reprOf(fromJson(value))]).toEqual([text, length, repr]);
        } catch (error) {
          if (!(error instanceof JsonUnfinished)) throw error;
        }
      }
    }
  });
});
