import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { message } from '../../../src/core/messages/message';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { TrainState } from '../../../src/ui/train/train.svelte';
import type { PlanReport, RunRecord, TrainEvent } from '../../../src/worker/protocol';
import { deferred, engineOf, runRecord, sampleEvent, stepEvent } from './engine';

type OnEvent = (event: TrainEvent) => void;

/** An engine whose runs are in the test's hands, and the page's state over it. */
function training() {
  const begun: { onEvent: OnEvent; ended: ReturnType<typeof deferred<RunRecord>> }[] = [];
  const begin = (onEvent: OnEvent): Promise<RunRecord> => {
    const ended = deferred<RunRecord>();
    begun.push({ onEvent, ended });
    return ended.promise;
  };
  const runs = {
    plan: vi.fn<(...given: unknown[]) => Promise<PlanReport>>(() => Promise.reject(new Error('not asked'))),
    start: (_: unknown, onEvent: OnEvent) => begin(onEvent),
    continue: (_: string, onEvent: OnEvent) => begin(onEvent),
    pause: vi.fn(() => Promise.resolve()),
    stop: vi.fn(() => Promise.resolve()),
  };
  return { state: new TrainState(engineOf({ runs })), runs, begun };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a run on the page', () => {
  it('goes from preparing over its steps to its end', async () => {
    const { state, begun } = training();
    const over = state.start(DEFAULTS, 'new');
    expect(state).toMatchObject({ phase: 'preparing', active: true });
    const { onEvent, ended } = begun[0]!;
    onEvent({ event: 'state', state: 'running' });
    onEvent(stepEvent(1));
    onEvent({ event: 'checkpoint', step: 1 });
    expect(state.last).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(state).toMatchObject({ phase: 'running', checkpointStep: 1, last: { step: 1 } });
    onEvent(stepEvent(2));
    ended.resolve(runRecord({ state: 'finished', checkpointStep: 2 }));
    await over;
    expect(state).toMatchObject({ phase: 'finished', active: false, checkpointStep: 2 });
    expect(state.events.map(({ event }) => event)).toEqual(['step', 'checkpoint', 'step']);
  });

  it('has its own settings, whatever run is shown', async () => {
    const { state, begun } = training();
    const settings = { ...DEFAULTS, max_seq_length: 384 };
    const over = state.start(settings, 'new');
    expect(state.settings).toEqual(settings);
    begun[0]!.ended.resolve(runRecord({ state: 'finished' }));
    await over;
    expect(state.settings).toEqual(settings);
    state.display(runRecord({ settings: DEFAULTS }));
    expect(state.settings).toEqual(DEFAULTS);
    state.clear();
    expect(state.settings).toBeUndefined();
  });

  it('is as if it had not begun if the visitor stops it before there is anything to keep', async () => {
    const { state, begun } = training();
    const over = state.start(DEFAULTS, 'new');
    const { onEvent, ended } = begun[0]!;
    onEvent({ event: 'state', state: 'preparing', message: message('kernels_tuning'), fraction: 0.5 });
    ended.reject(new TunesmithError({ code: 'stopped' }));
    await over;
    expect(state).toMatchObject({ phase: 'idle', error: undefined, fraction: undefined, message: '' });
  });

  it('is over when its result is there, whatever state is told of after it', async () => {
    const { state, begun } = training();
    const over = state.start(DEFAULTS, 'new');
    const { onEvent, ended } = begun[0]!;
    ended.resolve(runRecord({ state: 'stopped', checkpointStep: 1 }));
    await over;
    onEvent({ event: 'state', state: 'running' });
    expect(state).toMatchObject({ phase: 'stopped', active: false });
    // A last step may come late as well, and is worth showing.
    onEvent(stepEvent(1));
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.last?.step).toBe(1);
  });

  it('hears nothing of the run before it', async () => {
    const { state, begun } = training();
    const first = state.start(DEFAULTS, 'new');
    begun[0]!.ended.reject(new Error('lost'));
    await first;
    void state.start(DEFAULTS, 'new');
    begun[0]!.onEvent(stepEvent(9));
    begun[0]!.onEvent({ event: 'state', state: 'paused' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(state).toMatchObject({ phase: 'preparing', events: [], last: undefined });
    begun[1]!.onEvent(stepEvent(1));
    state.display(runRecord({ history: [stepEvent(5)] }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.events).toEqual([stepEvent(5)]);
  });

  it('tells why it failed and keeps what was saved', async () => {
    const { state, begun } = training();
    const over = state.start(DEFAULTS, 'new');
    begun[0]!.onEvent({ event: 'state', state: 'running' });
    begun[0]!.onEvent({ event: 'checkpoint', step: 3 });
    begun[0]!.onEvent({ event: 'state', state: 'failed' });
    expect(state.active).toBe(true);
    begun[0]!.ended.reject(
      new TunesmithError({ code: 'storage_full', values: { what: 'The run', needed: 1 } }),
    );
    await over;
    expect(state).toMatchObject({ phase: 'failed', checkpointStep: 3, error: { code: 'storage_full' } });
  });

  it('takes back the steps after its checkpoint when it recovers, and what was said at them', async () => {
    const { state, begun } = training();
    void state.start(DEFAULTS, 'new');
    const { onEvent } = begun[0]!;
    onEvent({ event: 'state', state: 'running' });
    for (const event of [stepEvent(1), { event: 'checkpoint', step: 1 } as const, stepEvent(2)])
      onEvent(event);
    onEvent(sampleEvent(2, 'before'));
    onEvent({ event: 'state', state: 'recovering', message: message('device_lost_going_on', { step: 1 }) });
    expect(state.message).toEqual(message('device_lost_going_on', { step: 1 }));
    expect(state.events.map((event) => ('step' in event ? event.step : 0))).toEqual([1, 1]);
    onEvent({ event: 'state', state: 'running' });
    for (const event of [stepEvent(2), sampleEvent(2, 'after')]) onEvent(event);
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.samples).toEqual([sampleEvent(2, 'after')]);
  });

  it('tells what it does beside the steps, what it says meanwhile, and what is left', async () => {
    const { state, begun } = training();
    void state.start(DEFAULTS, 'new');
    const { onEvent } = begun[0]!;
    onEvent({ event: 'state', state: 'running' });
    expect(state).toMatchObject({ secondsLeft: undefined, doing: undefined, coming: undefined });
    const answers = [{ prompt: 'Who?', answer: 'I am' }];
    onEvent({ event: 'activity', activity: 'answering', step: 0, fraction: 0.1, eta_seconds: 90, answers });
    expect(state).toMatchObject({
      secondsLeft: 90,
      doing: { code: 'run_answering' },
      coming: { step: 0, answers },
    });
    // It is no part of the run's history.
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.events).toEqual([]);
    onEvent(sampleEvent(0, 'I am me.'));
    onEvent({ event: 'activity', activity: 'training', step: 0, eta_seconds: 60 });
    onEvent({ ...stepEvent(1), eta_seconds: 50 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(state).toMatchObject({ secondsLeft: 50, doing: undefined, coming: undefined });
    onEvent({ event: 'activity', activity: 'evaluating', step: 1, fraction: 0, eta_seconds: 45 });
    expect(state).toMatchObject({ secondsLeft: 45, doing: undefined });
    onEvent({ event: 'activity', activity: 'evaluating', step: 1, fraction: 0.5, eta_seconds: 44 });
    expect(state.doing).toEqual({ code: 'run_evaluating' });
    onEvent({ event: 'state', state: 'paused' });
    expect(state).toMatchObject({ secondsLeft: undefined, doing: undefined });
  });

  it('is celebrated once, and shown until the visitor changes the settings', async () => {
    const { state, begun } = training();
    expect(state.showsRun).toBe(false);
    const over = state.start(DEFAULTS, 'new');
    expect(state).toMatchObject({ showsRun: true, justFinished: false });
    begun[0]!.ended.resolve(runRecord({ state: 'finished' }));
    await over;
    expect(state.justFinished).toBe(true);
    state.editing = true;
    expect(state.showsRun).toBe(false);
    void state.start(DEFAULTS, 'new');
    expect(state).toMatchObject({ showsRun: true, justFinished: false });
    state.display(runRecord({ state: 'finished' }));
    expect(state).toMatchObject({ showsRun: true, justFinished: false });
  });

  it('keeps what was saved where its error is put away', async () => {
    const { state, begun } = training();
    for (const [step, phase] of [
      [3, 'stopped'],
      [0, 'idle'],
    ] as const) {
      const over = state.start(DEFAULTS, 'new');
      const { onEvent, ended } = begun.at(-1)!;
      onEvent({ event: 'state', state: 'running' });
      if (step > 0) onEvent({ event: 'checkpoint', step });
      ended.reject(new TunesmithError({ code: 'storage_full', values: { what: 'The run', needed: 1 } }));
      await over;
      state.dismiss();
      expect(state).toMatchObject({ phase, error: undefined, checkpointStep: step });
    }
  });

  it('remembers what was asked of it until that has come about', async () => {
    const { state, runs, begun } = training();
    void state.start(DEFAULTS, 'new');
    const { onEvent } = begun[0]!;
    onEvent({ event: 'state', state: 'running' });
    await state.pause();
    expect(state.asked).toBe('pause');
    onEvent({ event: 'state', state: 'paused' });
    expect(state).toMatchObject({ asked: undefined, active: true, working: false });
    runs.stop.mockRejectedValueOnce(new TunesmithError({ code: 'worker_failed' }));
    await state.stop();
    expect(state).toMatchObject({ asked: undefined, error: { code: 'worker_failed' } });
  });

  it('goes on with its history up to its checkpoint, and tells once that its model is open', async () => {
    const { state, begun } = training();
    const opened = vi.fn();
    const run = runRecord({ checkpointStep: 1, history: [stepEvent(1), stepEvent(2)] });
    const over = state.continueRun(run, opened);
    expect(state.events).toEqual([stepEvent(1)]);
    const { onEvent, ended } = begun[0]!;
    onEvent({ event: 'state', state: 'preparing', message: message('kernels_preparing') });
    expect(opened).not.toHaveBeenCalled();
    onEvent({ event: 'state', state: 'running' });
    onEvent({ event: 'state', state: 'running' });
    expect(opened).toHaveBeenCalledTimes(1);
    ended.resolve(runRecord({ state: 'finished' }));
    await over;
    expect(state.phase).toBe('finished');
  });
});

describe('the plan', () => {
  const plan = (memoryTotal: number) => ({ memoryTotal }) as PlanReport;

  it('is the one that was asked for last, also if an older answer or failure comes later', async () => {
    const { state, runs } = training();
    const answers = [deferred<PlanReport>(), deferred<PlanReport>(), deferred<PlanReport>()];
    for (const { promise } of answers) runs.plan.mockReturnValueOnce(promise);
    const asked = answers.map((_, i) => state.makePlan({ ...DEFAULTS, r: i + 1 }, 'new'));
    answers[2]!.resolve(plan(3));
    answers[0]!.resolve(plan(1));
    answers[1]!.reject(new Error('late'));
    await Promise.all(asked);
    expect(state).toMatchObject({ plan: { memoryTotal: 3 }, planError: undefined });
  });

  it('is made again after a run has chosen kernels with other memory needs', async () => {
    const { state, runs, begun } = training();
    runs.plan.mockResolvedValueOnce(plan(1)).mockResolvedValueOnce(plan(2));
    await state.makePlan(DEFAULTS, 'adapter');
    void state.start(DEFAULTS, 'new');
    begun[0]!.onEvent({ event: 'state', state: 'preparing', replanned: true });
    begun[0]!.onEvent({ event: 'state', state: 'running' });
    await vi.advanceTimersByTimeAsync(0);
    expect(state.plan).toEqual(plan(2));
    begun[0]!.onEvent({ event: 'state', state: 'running' });
    expect(runs.plan.mock.calls).toEqual([
      [DEFAULTS, 'adapter'],
      [DEFAULTS, 'adapter'],
    ]);
  });

  it('gives way to the reason why there is none', async () => {
    const { state, runs } = training();
    runs.plan.mockResolvedValueOnce(plan(1));
    expect(await state.makePlan(DEFAULTS, 'new')).toBe(true);
    runs.plan.mockRejectedValueOnce(new TunesmithError({ code: 'device_lost' }));
    expect(await state.makePlan(DEFAULTS, 'new')).toBe(false);
    expect(state).toMatchObject({ plan: undefined, planError: { code: 'device_lost' } });
  });
});
