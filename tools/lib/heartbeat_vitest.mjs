import { beat } from './heartbeat.mjs';

/** A reporter of Vitest that notes each file's and each test's beginning and end. */
export default class HeartbeatReporter {
  /** @param {import('vitest/node').TestModule} file */
  onTestModuleStart(file) {
    beat('step', file.moduleId);
  }
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseReady(test) {
    beat('begin', `${test.module.relativeModuleId}: ${test.fullName}`);
  }
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    beat('end', `${test.module.relativeModuleId}: ${test.fullName}`);
  }
}
