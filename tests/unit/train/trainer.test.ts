import { describe, expect, it } from 'vitest';
import { listOf, select } from '../../../src/data/example_list';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import type { TokenizedExample } from '../../../src/data/batches';
import { METRICS_RING, type TrainingState } from '../../../src/models/training_program';
import { sft } from '../../../src/models/objectives/sft';
import { TrainControl, yieldToEvents } from '../../../src/train/control';
import type { StepEvent, TrainEvent } from '../../../src/train/events';
import type { SampleHook, TrainOptions, TrainPosition } from '../../../src/train/options';
import { fullLimits, type SampleLimits } from '../../../src/train/samples';
import { train, type TrainResult } from '../../../src/train/trainer';
import { dpo, pairOf } from '../../parity/dpo';
import { ToyProgram } from './toy_program';
import { told } from '../told';

function example(index: number): TokenizedExample {
  const length = 3 + (index % 4);
  return {
    ids: Uint32Array.from({ length }, (_, i) => (index * 5 + i * 3) % 8),
    trained: Uint8Array.from({ length }, (_, i) => (i > index % 2 ? 1 : 0)),
  };
}
const examples = Array.from({ length: 10 }, (_, i) => example(i));
const heldOut = [example(20), example(21), example(23)];

// 10 examples in micro-batches of 3 (3, 3, 3, 1) and windows of 3 (3, 1): 2 steps an epoch, 6 in all.
const settings: TrainSettings = {
  ...DEFAULTS,
  per_device_train_batch_size: 3,
  gradient_accumulation_steps: 3,
  num_train_epochs: 3,
  learning_rate: 0.05,
  warmup_steps: 0.2,
  weight_decay: 0.01,
  save_steps: 2,
  eval_steps: 3,
  seed: 7,
};
const STEPS = 6;

interface Run {
  readonly program: ToyProgram;
  readonly control: TrainControl;
  readonly events: TrainEvent[];
  readonly saved: Map<number, { position: TrainPosition; state: TrainingState }>;
  readonly options: TrainOptions;
  /** Resolves when the run tells that it is paused. */
  readonly paused: Promise<void>;
}

function prepare(changes: Partial<TrainSettings> = {}, more: Partial<TrainOptions> = {}): Run {
  const program = new ToyProgram();
  const control = new TrainControl();
  const events: TrainEvent[] = [];
  const saved: Run['saved'] = new Map();
  let tellPaused = (): void => undefined;
  const paused = new Promise<void>((resolve) => (tellPaused = resolve));
  const options: TrainOptions = {
    program,
    objective: sft,
    examples: listOf(examples),
    heldOut: listOf(heldOut),
    settings: { ...settings, ...changes },
    onEvent: (event) => {
      events.push(event);
      if (event.event === 'state' && event.state === 'paused') tellPaused();
    },
    control,
    hooks: {
      saveCheckpoint: (position, state) => {
        saved.set(position.step, { position, state });
        return Promise.resolve();
      },
    },
    ...more,
  };
  return { program, control, events, saved, options, paused };
}

const bytesOf = (state: TrainingState) => state.map(({ name, data }) => [name, [...data]]);

const stepsOf = (events: readonly TrainEvent[]) => events.filter((event) => event.event === 'step');

/** The numbers of a step event that must not depend on the clock. */
const timeless = ({ step, loss, learning_rate, grad_norm, target_tokens, epoch }: StepEvent) => ({
  step,
  loss,
  learning_rate,
  grad_norm,
  target_tokens,
  epoch,
});

const names = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => {
    if (event.event === 'activity') return [];
    return event.event === 'state' ? event.state : `${event.event} ${event.step}`;
  });

/** One prompt, whose answers are numbered. */
function toySamples(limits: Partial<SampleLimits> = {}, onAnswer = (): void => undefined): SampleHook {
  let answered = 0;
  return {
    limits: { ...fullLimits(1), ...limits },
    roundSeconds: undefined,
    answer: (_, tell) => {
      onAnswer();
      const answers = [{ prompt: 'Who?', answer: `answer ${++answered}` }];
      tell(1, answers);
      return Promise.resolve(answers);
    },
  };
}

describe('train', () => {
  it('steps through all epochs and tells what it does, in order', async () => {
    const { options, events, program } = prepare();
    expect(await train(options)).toEqual({ state: 'finished', step: STEPS, steps: STEPS });
    expect(names(events)).toEqual([
      'running',
      'checkpoint 0',
      'step 1',
      'step 2',
      'checkpoint 2',
      'step 3',
      'eval 3',
      'step 4',
      'checkpoint 4',
      'step 5',
      'step 6',
      'eval 6',
      'checkpoint 6',
      'finished',
    ]);
    expect(stepsOf(events).map(({ epoch }) => epoch)).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect(stepsOf(events).every(({ steps }) => steps === STEPS)).toBe(true);
    expect(program.optimizerSteps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    // The warm-up's first rate is 0.
    expect(program.optimizerSteps[0]).toEqual({ learningRate: 0, step: 1 });
  });

  it('learns', async () => {
    const { options, events } = prepare({ num_train_epochs: 40 });
    await train(options);
    const losses = stepsOf(events).map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 20);
    const evals = events.filter((event) => event.event === 'eval');
    expect(evals.at(-1)!.eval_loss).toBeLessThan(evals[0]!.eval_loss / 5);
    expect(evals[0]!.perplexity).toBe(Math.exp(evals[0]!.eval_loss));
  });

  it('steps leftover micro-batches and normalises each window by its own target tokens', async () => {
    const { options, events, program } = prepare({ shuffle: false, num_train_epochs: 1 });
    await train(options);
    // Rows 3 4 5 | 6 3 4 | 5 6 3 and then 4 alone; the first token is no target, in odd examples the second isn't either.
    const rows = [12, 13, 14, 4];
    expect(program.calls.map((call) => Number(call.slice(1).split('/')[0]))).toEqual(rows);
    expect(program.calls.map((call) => call[0])).toEqual(['=', '+', '+', '=']);
    expect(program.calls.map((call) => Number(call.split('#')[1]))).toEqual([0, 1, 2, 3]);
    const [first, second] = stepsOf(events);
    expect(first!.target_tokens).toBe(26);
    expect(second!.target_tokens).toBe(2);
    expect(program.calls.map((call) => call.split('#')[0]!.split('/')[2])).toEqual(['26', '26', '26', '2']);
  });

  it('follows the schedule: the first step of a warm-up has a rate of zero', async () => {
    const { options, events } = prepare();
    await train(options);
    // ceil(6 × 0.2) = 2 steps of warm-up, then down from 4 / 4.
    const rates = stepsOf(events).map((event) => event.learning_rate / settings.learning_rate);
    for (const [index, rate] of [0, 0.5, 1, 0.75, 0.5, 0.25].entries())
      expect(rates[index]).toBeCloseTo(rate, 12);
  });

  it('goes on from any checkpoint to the same bytes and the same numbers', async () => {
    const whole = prepare({ save_steps: 1 });
    await train(whole.options);
    expect(whole.saved.size).toBe(STEPS + 1);
    const end = bytesOf(await whole.program.readState());
    for (const [step, { position, state }] of whole.saved) {
      expect(position).toEqual({ step, position: { epoch: Math.floor(step / 2), index: step % 2 }, seed: 7 });
      const rest = prepare({ save_steps: 1 }, { start: { step, state } });
      expect(await train(rest.options)).toEqual({ state: 'finished', step: STEPS, steps: STEPS });
      expect(bytesOf(await rest.program.readState())).toEqual(end);
      expect(stepsOf(rest.events).map(timeless)).toEqual(stepsOf(whole.events).slice(step).map(timeless));
      // Its starting point is already stored.
      expect(rest.saved.has(step)).toBe(false);
    }
  });

  it('gives other bytes for another seed', async () => {
    const runs = [prepare(), prepare({ seed: 8 })];
    for (const { options } of runs) await train(options);
    const [a, b] = await Promise.all(runs.map(async ({ program }) => bytesOf(await program.readState())));
    expect(a).not.toEqual(b);
  });

  it('logs every so many steps the mean over all their target tokens, and what is left at the end', async () => {
    const every = prepare({ max_steps: 7 });
    const fewer = prepare({ max_steps: 7, logging_steps: 3 });
    await train(every.options);
    await train(fewer.options);
    const single = stepsOf(every.events);
    const merged = stepsOf(fewer.events);
    expect(merged.map(({ step }) => step)).toEqual([3, 6, 7]);
    const firstThree = single.slice(0, 3);
    const tokens = firstThree.reduce((sum, event) => sum + event.target_tokens, 0);
    const sum = firstThree.reduce((total, event) => total + event.loss * event.target_tokens, 0);
    expect(merged[0]!.target_tokens).toBe(tokens);
    expect(merged[0]!.loss).toBeCloseTo(sum / tokens, 12);
    expect(merged[0]!.grad_norm).toBe(single[2]!.grad_norm);
    expect(merged[0]!.learning_rate).toBe(single[2]!.learning_rate);
    expect(timeless(merged[2]!)).toEqual(timeless(single[6]!));
  });

  it('reads the metrics before the device runs out of room for them', async () => {
    const { options, events, program } = prepare({
      max_steps: 3 * METRICS_RING,
      logging_steps: 1000,
      save_steps: 1000,
      eval_steps: 0,
    });
    await train(options);
    expect(program.mostHeld).toBeLessThanOrEqual(METRICS_RING);
    expect(names(events)).toEqual([
      'running',
      'checkpoint 0',
      `step ${3 * METRICS_RING}`,
      `checkpoint ${3 * METRICS_RING}`,
      'finished',
    ]);
  });

  it('answers the sample prompts before the first step, along the run and after the last', async () => {
    const { options, events, saved } = prepare({ max_steps: 10 });
    await train({ ...options, hooks: { ...options.hooks, samples: toySamples() } });
    const samples = events.filter((event) => event.event === 'sample');
    expect(samples.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(samples[1]!.answers).toEqual([{ prompt: 'Who?', answer: 'answer 2' }]);
    const resumed = prepare({ max_steps: 10 }, { start: { step: 4, state: saved.get(4)!.state } });
    await train({ ...resumed.options, hooks: { ...resumed.options.hooks, samples: toySamples() } });
    expect(names(resumed.events).filter((name) => name.startsWith('sample'))).toEqual([
      'sample 6',
      'sample 8',
      'sample 10',
    ]);
  });

  it('answers as often as the limits say, and trains to the same bytes however often that is', async () => {
    const ends = [];
    for (const samples of [undefined, toySamples(), toySamples({ rounds: 1 }), toySamples({ rounds: 3 })]) {
      const { options, events, program } = prepare({ max_steps: 10 });
      await train({ ...options, hooks: { ...options.hooks, ...(samples && { samples }) } });
      const steps = events.flatMap((event) => (event.event === 'sample' ? event.step : []));
      ends.push({ steps, bytes: bytesOf(await program.readState()) });
    }
    expect(ends.map(({ steps }) => steps)).toEqual([[], [0, 2, 4, 6, 8, 10], [0, 10], [0, 4, 7, 10]]);
    for (const { bytes } of ends) expect(bytes).toEqual(ends[0]!.bytes);
  });

  it('is stopped within an answer, and answers no more', async () => {
    const { options, events, control } = prepare({ max_steps: 10 });
    const samples: SampleHook = {
      limits: fullLimits(1),
      roundSeconds: undefined,
      answer: (signal, tell) => {
        tell(0.5, [{ prompt: 'Who?', answer: 'I am' }]);
        control.stop();
        return Promise.resolve(signal.aborted ? undefined : []);
      },
    };
    expect((await train({ ...options, hooks: { ...options.hooks, samples } })).state).toBe('stopped');
    expect(names(events)).not.toContain('sample 0');
    expect(events.filter((event) => event.event === 'activity')).toMatchObject([
      { activity: 'answering', step: 0, fraction: 0 },
      { activity: 'training', step: 0 },
    ]);
  });

  it('tells the loss of each source of held-out examples', async () => {
    const list = listOf(heldOut);
    const heldOutSources = [
      { name: 'a', examples: select(list, [0]) },
      { name: 'b', examples: select(list, [1, 2]) },
    ];
    const run = prepare({ max_steps: 3, eval_steps: 3 }, { heldOutSources });
    await train(run.options);
    const [evaluation] = run.events.filter((event) => event.event === 'eval');
    expect(Object.keys(evaluation?.eval_losses ?? {})).toEqual(['a', 'b']);
    const alone = prepare({ max_steps: 3, eval_steps: 3 });
    await train(alone.options);
    const [other] = alone.events.filter((event) => event.event === 'eval');
    expect(other).not.toHaveProperty('eval_losses');
    expect(evaluation?.eval_loss).toBeCloseTo(other!.eval_loss, 6);
  });

  it('never evaluates where eval_steps is 0 or nothing is held out', async () => {
    const never = prepare({ eval_steps: 0 });
    const nothing = prepare({}, { heldOut: listOf([]) });
    await train(never.options);
    await train(nothing.options);
    for (const { events } of [never, nothing]) expect(names(events).join()).not.toContain('eval');
  });

  it('finishes at once from the checkpoint of the last step', async () => {
    const whole = prepare();
    await train(whole.options);
    const evaluations = [{ step: STEPS, eval_loss: 1 }];
    const { state } = whole.saved.get(STEPS)!;
    const again = prepare({}, { start: { step: STEPS, state, evaluations } });
    expect(await train(again.options)).toEqual({ state: 'finished', step: STEPS, steps: STEPS });
    expect(names(again.events)).toEqual(['running', 'finished']);
  });

  it('measures rows a second of training alone, and the time left of everything', async () => {
    let time = 0;
    const { options, events, program } = prepare({
      shuffle: false,
      max_steps: 4,
      eval_steps: 2,
      save_steps: 4,
    });
    program.onWork = (kind) => {
      time += kind === 'microBatch' ? 500 : 7000;
    };
    const saveCheckpoint = () => {
      time += 60_000;
      return Promise.resolve();
    };
    const samples = toySamples({ rounds: 2 }, () => (time += 10_000));
    await train({ ...options, hooks: { saveCheckpoint, samples }, now: () => time });
    const [first, second, third, fourth] = stepsOf(events);
    // Three micro-batches of half a second with 12 + 13 + 14 rows; then one with 4.
    expect(first!.tokens_per_second).toBeCloseTo(39 / 1.5, 9);
    expect(second!.tokens_per_second).toBeCloseTo(4 / 0.5, 9);
    expect(third!.tokens_per_second).toBeCloseTo(39 / 1.5, 9);
    // The held-out examples have 13 rows to the 43 of training: 13 / 43 of an epoch forward only, for which half is expected.
    const evaluation = (stepSeconds: number) => (stepSeconds * 2 * (13 / 43)) / 2;
    const save = 60;
    const answers = 10;
    expect(first!.eta_seconds).toBeCloseTo(3 * 1.5 + 2 * evaluation(1.5) + 2 * answers + save, 9);
    expect(second!.eta_seconds).toBeCloseTo(2 + 2 * evaluation(1) + 2 * answers + save, 9);
    // One evaluation of 7 s was measured.
    expect(third!.eta_seconds).toBeCloseTo(3.5 / 3 + 7 + answers + save, 9);
    // The last step is done; what comes after it is not.
    expect(fourth!.eta_seconds).toBeCloseTo(7 + answers + save, 9);
    const end = events.filter((event) => event.event === 'activity').at(-1);
    expect(end).toMatchObject({ activity: 'training', step: 4, eta_seconds: save });
  });
});

describe('pause, resume and stop', () => {
  /** Calls `act` when the micro-batch of this number (from 1) begins. */
  function atMicroBatch({ program }: Run, number: number, act: () => void): void {
    let seen = 0;
    program.onWork = (kind) => {
      if (kind === 'microBatch' && ++seen === number) act();
    };
  }

  it.each([1, 2, 3, 4, 5, 6, 9])(
    'pauses in micro-batch %i with a checkpoint, and goes on to the same bytes',
    async (number) => {
      const whole = prepare({ save_steps: 100 });
      await train(whole.options);

      const run = prepare({ save_steps: 100 });
      atMicroBatch(run, number, () => run.control.pause());
      const result = train(run.options);
      await run.paused;
      const calls = run.program.calls.length;
      const pausedAt = run.program.optimizerSteps.length;
      expect(run.saved.has(pausedAt)).toBe(true);
      // A run that went on would have done all its micro-batches in as many turns.
      for (let turn = 0; turn < 100; turn++) await yieldToEvents();
      expect(run.program.calls).toHaveLength(calls);
      run.control.resume();
      expect((await result).state).toBe('finished');
      expect(bytesOf(await run.program.readState())).toEqual(bytesOf(await whole.program.readState()));
      expect(stepsOf(run.events).map(timeless)).toEqual(stepsOf(whole.events).map(timeless));
      const paused = names(run.events).indexOf('paused');
      expect(names(run.events).slice(paused - 1, paused + 2)).toEqual([
        `checkpoint ${pausedAt}`,
        'paused',
        'running',
      ]);
    },
  );

  it('stops within a window, keeps the last whole step, and can be continued', async () => {
    const whole = prepare();
    await train(whole.options);
    const run = prepare({ save_steps: 100 });
    atMicroBatch(run, 6, () => run.control.stop());
    expect(await train(run.options)).toEqual({ state: 'stopped', step: 2, steps: STEPS });
    expect(names(run.events).slice(-2)).toEqual(['checkpoint 2', 'stopped']);
    const rest = prepare({}, { start: { step: 2, state: run.saved.get(2)!.state } });
    await train(rest.options);
    expect(bytesOf(await rest.program.readState())).toEqual(bytesOf(await whole.program.readState()));
  });

  it('makes up for an evaluation that a stop has interrupted', async () => {
    const run = prepare({ eval_steps: 2 });
    const onEvent = (event: TrainEvent): void => {
      run.options.onEvent(event);
      if (event.event === 'activity' && event.activity === 'evaluating') run.control.stop();
    };
    expect(await train({ ...run.options, onEvent })).toMatchObject({ state: 'stopped', step: 2 });
    expect(names(run.events)).not.toContain('eval 2');
    const rest = prepare({ eval_steps: 2 }, { start: { step: 2, state: run.saved.get(2)!.state } });
    await train(rest.options);
    expect(names(rest.events).filter((name) => name.startsWith('eval'))).toEqual([
      'eval 2',
      'eval 4',
      'eval 6',
    ]);
  });

  it('tells the steps that were not yet logged when it is stopped', async () => {
    const run = prepare({ logging_steps: 100 });
    atMicroBatch(run, 6, () => run.control.stop());
    await train(run.options);
    expect(names(run.events)).toEqual(['running', 'checkpoint 0', 'checkpoint 2', 'step 2', 'stopped']);
  });

  it('is stopped by an abort, before it began or while it is paused', async () => {
    const before = prepare();
    const early = await train({ ...before.options, control: new TrainControl(AbortSignal.abort()) });
    expect(early).toEqual({ state: 'stopped', step: 0, steps: STEPS });
    expect(before.program.calls).toEqual([]);

    const abort = new AbortController();
    const control = new TrainControl(abort.signal);
    const run = prepare({}, { control });
    atMicroBatch(run, 2, () => control.pause());
    const result = train(run.options);
    await run.paused;
    abort.abort();
    expect(((await result) satisfies TrainResult).state).toBe('stopped');
    expect(names(run.events)).toEqual(['running', 'checkpoint 0', 'paused', 'stopped']);
  });

  it('takes the mean over pairs if the objective counts pairs, and divides none', async () => {
    const pairs = Array.from({ length: 5 }, (_, i) => pairOf([1, 2], [3, i], i % 2 === 0 ? [4] : [5, 6, 7]));
    const examples = { objective: dpo(0.1), examples: listOf(pairs), heldOut: listOf([]) };
    const run = prepare({ num_train_epochs: 1, shuffle: false }, examples);
    await train(run.options);
    // Rows, target tokens and the terms of the window: three pairs and two are one window of five.
    expect(run.program.calls).toEqual(['=23/11/5#0', '+16/8/5#1']);
  });

  it('lets messages through, so that a stop sent from another thread arrives', async () => {
    const run = prepare({ max_steps: 1_000_000, save_steps: 1_000_000, eval_steps: 0 });
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => run.control.stop();
    atMicroBatch(run, 5, () => port2.postMessage('stop'));
    const { state, step } = await train(run.options);
    port1.close();
    expect(state).toBe('stopped');
    expect(step).toBeLessThan(1000);
  });

  it('gives an evaluation up for a stop, and waits through a pause in one', async () => {
    const stopped = prepare({}, { program: new ToyProgram(8) });
    const small = {
      per_device_train_batch_size: 1,
      gradient_accumulation_steps: 1,
      max_steps: 4,
      eval_steps: 2,
    };
    const stopProgram = new ToyProgram(8);
    stopProgram.onWork = (kind) => {
      if (kind === 'evaluate') stopped.control.stop();
    };
    const stoppedOptions = { ...stopped.options, program: stopProgram, settings: { ...settings, ...small } };
    expect((await train(stoppedOptions)).step).toBe(2);
    expect(names(stopped.events).join()).not.toContain('eval');

    const pauseProgram = new ToyProgram(8);
    const paused = prepare(small, { program: pauseProgram });
    pauseProgram.onWork = (kind) => {
      if (kind === 'evaluate' && !names(paused.events).includes('paused')) paused.control.pause();
    };
    const result = train(paused.options);
    await paused.paused;
    paused.control.resume();
    expect((await result).state).toBe('finished');
    expect(names(paused.events)).toEqual([
      'running',
      'checkpoint 0',
      'step 1',
      'step 2',
      'checkpoint 2',
      'paused',
      'running',
      'eval 2',
      'step 3',
      'step 4',
      'eval 4',
      'checkpoint 4',
      'finished',
    ]);
  });
});

describe('a loss that is not finite', () => {
  it.each([1, 6])(
    'stops with the step, the last good checkpoint and what to try (logging every %i)',
    async (logging_steps) => {
      const run = prepare({ logging_steps, max_grad_norm: 0, warmup_steps: 0 });
      run.program.brokenStep = 4;
      const error = await train(run.options).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const { code, message, hint } = told(error);
      expect(code).toBe('loss_not_finite');
      expect(message).toContain('in step 4.');
      expect(message).toContain('checkpoint of step 2 is the last good one');
      expect(hint).toBe(
        'Train again with a lower learning_rate (it is 0.05), a warm-up (warmup_steps 0.1), or clipping (max_grad_norm 1).',
      );
      // Nothing is saved after it, and what came before it is told.
      expect([...run.saved.keys()]).toEqual([0, 2]);
      expect(stepsOf(run.events).at(-1)!.step).toBe(3);
      expect(stepsOf(run.events).every(({ loss }) => Number.isFinite(loss))).toBe(true);
    },
  );

  it('in step 1 is not blamed on the learning rate', async () => {
    const run = prepare();
    run.program.brokenStep = 1;
    expect(await train(run.options).catch(told)).toMatchObject({
      code: 'loss_not_finite',
      message: 'The loss or its gradient is NaN or infinite in step 1, before anything was learnt.',
      hint: expect.stringContaining('The base model or the adapter') as string,
    });
    expect([...run.saved.keys()]).toEqual([0]);
  });

  it('stops at an evaluation too', async () => {
    const run = prepare();
    run.program.evaluate = () => Promise.resolve({ loss: Infinity, metrics: {} });
    await expect(train(run.options)).rejects.toThrow('The evaluation loss is NaN or infinite after step 3.');
  });
});

describe('what fails', () => {
  it('passes on what the program and the hooks throw', async () => {
    const lost = prepare();
    lost.program.onWork = () => {
      throw new Error('The device is lost.');
    };
    await expect(train(lost.options)).rejects.toThrow('The device is lost.');
    const full = prepare({}, { hooks: { saveCheckpoint: () => Promise.reject(new Error('No room.')) } });
    await expect(train(full.options)).rejects.toThrow('No room.');
    expect(full.program.calls).toEqual([]);
  });

  it('can use a program again whose last run was broken off', async () => {
    const whole = prepare();
    await train(whole.options);
    const run = prepare({ logging_steps: 100 });
    const start = { step: 0, state: await run.program.readState() };
    let micro = 0;
    run.program.onWork = () => {
      if (++micro === 4) throw new Error('Broken off.');
    };
    await expect(train(run.options)).rejects.toThrow('Broken off.');
    await train({ ...run.options, start });
    expect(bytesOf(await run.program.readState())).toEqual(bytesOf(await whole.program.readState()));
  });
});
