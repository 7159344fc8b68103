import { describe, expect, it, vi } from 'vitest';
import { message } from '../../../src/core/messages/message';
import { isFree, isIdle, locks, workOf, type WorkKind } from '../../../src/ui/work.svelte';
import { stepEvent } from './engine';

type Parts = Parameters<typeof workOf>[0];

/** The page's state with the engine at nothing, but for what is given. */
function parts(given: { readonly [Part in keyof Parts]?: object | boolean } = {}): Parts {
  return {
    starting: false,
    reopening: { busy: false },
    training: { active: false },
    exports: { exporting: false, importing: false },
    noise: { running: false },
    chat: { speaking: undefined },
    model: { busy: false, busyLong: false },
    runs: {},
    more: { doing: undefined },
    ...given,
  } as unknown as Parts;
}

const progress = { label: message('run_opening'), fraction: 0.5, etaSeconds: 3 };
const running = { active: true, stoppable: true, message: '', last: stepEvent(4), secondsLeft: 6 };

describe('the work of the engine', () => {
  it('is none if it is at nothing', () => {
    expect(workOf(parts())).toBeUndefined();
  });

  it.each<[WorkKind, Parameters<typeof parts>[0], object]>([
    ['training', { training: running }, { fraction: 0.4, etaSeconds: 6 }],
    ['training', { training: { ...running, fraction: 0.1 } }, { fraction: 0.1 }],
    ['opening_run', { reopening: { busy: true }, runs: { progress } }, progress],
    // The engine opens a run before it continues it.
    ['opening_run', { reopening: { busy: true }, training: { active: true, progress } }, progress],
    ['exporting', { exports: { exporting: true, progress } }, progress],
    ['importing', { exports: { importing: true } }, {}],
    ['reducing', { noise: { running: true, progress } }, progress],
    ['answering', { chat: { speaking: 'base' } }, {}],
    ['writing', { more: { doing: 'model', progress: { done: 1, all: 4 } } }, { fraction: 0.25 }],
    ['opening_model', { model: { busy: true, busyLong: true, progress } }, progress],
    ['opening_model', { model: { busy: true, busyLong: true, progress }, starting: true }, progress],
    ['starting', { model: { busy: true, busyLong: false, progress }, starting: true }, progress],
    ['preparing', { model: { busy: true, busyLong: false, progress } }, progress],
  ])('is %s, with its progress', (kind, given, told) => {
    expect(workOf(parts(given))).toMatchObject({ kind, ...told });
  });

  it('is stopped where it goes on', () => {
    const stopped: string[] = [];
    const stop = (what: string) => () => void stopped.push(what);
    const runs = { stopOpening: stop('opening') };
    // Not the training, which has not begun.
    const training = { active: true, stop: stop('training') };
    for (const given of [
      { reopening: { busy: true }, runs, training },
      { training: { ...running, stop: stop('training') } },
      { exports: { exporting: true, stop: stop('export') } },
      { chat: { speaking: 'tuned', stop: stop('answer') } },
      { more: { doing: 'model', stop: stop('writing') } },
      { model: { busyLong: true, stop: stop('download') } },
    ])
      workOf(parts(given))?.stop?.();
    expect(stopped).toEqual(['opening', 'training', 'export', 'answer', 'writing', 'download']);
  });

  it('can’t be stopped if that makes no sense, and tells of a stop that was asked for', () => {
    const stop = vi.fn();
    expect(workOf(parts({ training: { ...running, stoppable: false, stop } }))?.stop).toBeUndefined();
    expect(workOf(parts({ starting: true }))?.stop).toBeUndefined();
    expect(workOf(parts({ training: { ...running, asked: 'stop' } }))?.stopping).toBe(true);
    expect(workOf(parts({ exports: { exporting: true, stopping: true } }))?.stopping).toBe(true);
    expect(workOf(parts({ model: { busyLong: true, stopping: true } }))?.stopping).toBe(true);
  });

  it('locks what a run uses, and leaves the engine free for what the page makes ready', () => {
    const kinds = ['training', 'opening_run', 'exporting', 'importing', 'answering'] as const;
    const preparing = ['opening_model', 'starting', 'preparing'] as const;
    const works = [...kinds, ...preparing].map((kind) => ({ kind }));
    expect(works.filter(locks).map(({ kind }) => kind)).toEqual(['training', 'opening_run']);
    expect(works.filter(isFree).map(({ kind }) => kind)).toEqual(preparing);
    expect(works.filter(isIdle).map(({ kind }) => kind)).toEqual(['preparing']);
    expect([locks(undefined), isFree(undefined), isIdle(undefined)]).toEqual([false, true, true]);
  });
});
