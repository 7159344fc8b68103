import { describe, expect, it } from 'vitest';
import { countPlaywright, countVitest, settle } from '../../../tools/lib/counts.mjs';

describe('counting tests', () => {
  it("reads Vitest's report; a file that did not load and a skipped test have failed", () => {
    const results = (...statuses: string[]) => statuses.map((status) => ({ status }));
    const report = {
      testResults: [
        { status: 'passed', assertionResults: results('passed', 'passed', 'skipped', 'todo') },
        { status: 'failed', assertionResults: results('passed', 'failed') },
        { status: 'failed', assertionResults: [] },
      ],
    };
    expect(countVitest(report)).toEqual({ passed: 3, failed: 4 });
  });

  it("reads Playwright's report; what was skipped, flaky or broken outside a test has failed", () => {
    const report = {
      stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 2 },
      errors: [{ message: 'setup' }],
    };
    expect(countPlaywright(report)).toEqual({ passed: 5, failed: 5 });
  });

  it('lets no suite pass that ran nothing or whose process failed', () => {
    expect(settle({ passed: 3, failed: 0 }, 0)).toEqual({ passed: 3, failed: 0 });
    expect(settle({ passed: 3, failed: 0 }, 1)).toEqual({ passed: 3, failed: 1 });
    expect(settle({ passed: 3, failed: 2 }, 1)).toEqual({ passed: 3, failed: 2 });
    expect(settle({ passed: 0, failed: 0 }, 0)).toEqual({ passed: 0, failed: 1 });
  });
});
