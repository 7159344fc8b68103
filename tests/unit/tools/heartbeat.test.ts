import { mkdtempSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beat, HEARTBEAT, watchHeartbeat } from '../../../tools/lib/heartbeat.mjs';

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'heartbeat-')), 'beats');
  vi.stubEnv(HEARTBEAT, path);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test('the tests that run are those that have begun and not ended', () => {
  const watch = watchHeartbeat(path, 1);
  beat('begin', 'a');
  beat('begin', 'b');
  beat('step', 'b');
  beat('end', 'a');
  expect(watch.running()).toEqual(['b']);
  watch.stop();
});

test('a suite is stopped when no test begins or ends, however long it has taken before', () => {
  const watch = watchHeartbeat(path, 1);
  for (let minute = 0; minute < 10; minute++) {
    beat('begin', `test ${minute}`);
    utimesSync(path, new Date(), new Date());
    vi.advanceTimersByTime(50_000);
    beat('end', `test ${minute}`);
    utimesSync(path, new Date(), new Date());
  }
  expect(watch.signal.aborted).toBe(false);
  beat('begin', 'the one that hangs');
  utimesSync(path, new Date(), new Date());
  vi.advanceTimersByTime(70_000);
  expect(watch.signal.aborted).toBe(true);
  expect(watch.running()).toEqual(['the one that hangs']);
  watch.stop();
});
