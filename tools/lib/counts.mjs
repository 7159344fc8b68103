/**
 * How many tests of a suite passed and failed. A test that was skipped or never ran counts as failed.
 * @typedef {{ passed: number, failed: number }} Counts
 */

/**
 * @param {unknown} report the output of Vitest's JSON reporter
 * @returns {Counts}
 */
export function countVitest(report) {
  const { testResults } =
    /** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */ (report);
  const tests = testResults.flatMap(({ status, assertionResults }) =>
    // A file that could not be loaded has no tests, so it counts as a failed one.
    assertionResults.length > 0 || status === 'passed' ? assertionResults : [{ status }],
  );
  const passed = tests.filter(({ status }) => status === 'passed').length;
  return { passed, failed: tests.length - passed };
}

/**
 * @param {unknown} report the output of Playwright's JSON reporter
 * @returns {Counts}
 */
export function countPlaywright(report) {
  const { stats, errors } =
    /** @type {{ stats: Record<'expected' | 'unexpected' | 'flaky' | 'skipped', number>, errors: unknown[] }} */ (
      report
    );
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length };
}

/**
 * The counts of a suite whose process has ended. A failure outside of a test counts as one failure, and so does a suite
 * that ran nothing.
 * @param {Counts} counts
 * @param {number} exitCode
 * @returns {Counts}
 */
export function settle({ passed, failed }, exitCode) {
  const failedSilently = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: failedSilently ? 1 : failed };
}
