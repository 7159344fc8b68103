import { beat } from './heartbeat.mjs';

/** @param {import('@playwright/test/reporter').TestCase} test */
const nameOf = (test) => test.titlePath().filter(Boolean).join(' › ');

/** A reporter of Playwright that notes each test's beginning, steps and end. */
export default class HeartbeatReporter {
  /** @param {import('@playwright/test/reporter').TestCase} test */
  onTestBegin(test) {
    beat('begin', nameOf(test));
  }
  /** @param {import('@playwright/test/reporter').TestCase} test */
  onStepEnd(test) {
    beat('step', nameOf(test));
  }
  /** @param {import('@playwright/test/reporter').TestCase} test */
  onTestEnd(test) {
    beat('end', nameOf(test));
  }
}
