import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';

/** The variable that names the file in which the reporters of a suite note each test's beginning and end. */
export const HEARTBEAT = 'TUNESMITH_HEARTBEAT';

/**
 * Notes that a test began or ended. Does nothing if no file is named.
 * @param {'begin' | 'end' | 'step'} what
 * @param {string} test
 */
export function beat(what, test) {
  const path = process.env[HEARTBEAT];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify({ what, test })}\n`);
}

/**
 * Watches a suite's heartbeat file, and aborts the suite if no test has begun or ended for a while. So a slow machine
 * never stops a suite that still advances.
 * @param {string} path
 * @param {number} idleMinutes
 */
export function watchHeartbeat(path, idleMinutes) {
  writeFileSync(path, '');
  const hung = new AbortController();
  const check = () => {
    if (Date.now() - statSync(path).mtimeMs > idleMinutes * 60_000) hung.abort();
  };
  const timer = setInterval(check, 5_000);
  return {
    signal: hung.signal,
    stop: () => clearInterval(timer),
    /** The tests that have begun and not ended. */
    running: () => runningTests(existsSync(path) ? readFileSync(path, 'utf8') : ''),
  };
}

/**
 * @param {string} beats the content of a heartbeat file
 * @returns {string[]} the tests that have begun and not ended
 */
export function runningTests(beats) {
  const running = /** @type {Set<string>} */ (new Set());
  for (const line of beats.split('\n').filter((each) => each !== '')) {
    /** @type {unknown} */
    const parsed = JSON.parse(line);
    const { what, test } = /** @type {{ what: string, test: string }} */ (parsed);
    if (what === 'begin') running.add(test);
    if (what === 'end') running.delete(test);
  }
  return [...running];
}
