import { message } from '../core/messages/message';
import type { Device } from '../gpu/device';
import { makePipelines } from '../graph/compile';
import { DeviceTrials } from '../graph/device_trials';
import { tune } from '../graph/tune';
import type { TunedProgram } from '../graph/trial';
import type { Model } from '../models/model';
import type { KernelChoiceStore } from '../storage/kernel_choices';
import type { OnProgress } from './progress';

export interface TuningOptions {
  /** The store of the tuned choices. */
  readonly store: KernelChoiceStore;
  /** Also tune on software adapters. They normally keep the defaults, which were measured on them. */
  readonly software?: boolean;
  /** Time limit of tuning, if shorter than that of the call. */
  readonly seconds?: number;
}

/** Time limit, in seconds, of tuning the kernels before an answer or an evaluation. */
export const FIT_SECONDS = 3;

export interface PrepareOptions {
  /** Time limit of tuning. */
  readonly seconds: number;
  readonly onProgress?: OnProgress;
  /** Stops the tuning early; the results so far are kept. */
  readonly signal?: AbortSignal;
}

export interface Programs {
  /** All programs that will run. */
  readonly programs: readonly TunedProgram[];
}

/** The contents of inputs while candidates are timed: all rows are one example, the slowest case for attention. */
export const TRIAL_CONTENTS = new Map([
  ['segments', (rows: number) => Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2) * rows)],
  ['positions', (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i)],
]);

/** Tunes the kernels of programs to the device and makes their pipelines, before the programs are compiled. */
export class Kernels {
  readonly #options: TuningOptions | undefined;

  /** @param options without them, nothing is measured and the defaults apply */
  constructor(options: TuningOptions | undefined) {
    this.#options = options;
  }

  /** Gives a newly opened device its stored choices. */
  async recall(device: Device): Promise<void> {
    if (!this.#tunes(device)) return;
    // If they can't be read, they are measured again.
    const known = await this.#options?.store.recall(device).catch(() => undefined);
    if (known) device.choices.recall(known);
  }

  /**
   * Measures choices that are not known yet, stores them, and makes the pipelines in parallel.
   *
   * @param plan plans the programs with the present choices; called again if the choices have changed
   * @returns the last plan, and whether anything was measured
   */
  async prepare<T>(
    { device, buffers }: Model,
    plan: () => T & Programs,
    { seconds, onProgress, signal }: PrepareOptions,
  ): Promise<{ readonly planned: T & Programs; readonly measured: boolean }> {
    let planned = plan();
    let measured = false;
    if (this.#tunes(device)) {
      const { choices } = device;
      const bench = new DeviceTrials(device, { buffers, contents: TRIAL_CONTENTS });
      const before = choices.known;
      try {
        measured = await tune({
          programs: planned.programs,
          choices,
          bench,
          seconds: Math.min(seconds, this.#options?.seconds ?? Infinity),
          signal,
          onProgress: (fraction) => onProgress?.({ label: message('kernels_tuning'), fraction }),
        });
        if (measured) planned = plan();
      } finally {
        bench.destroy();
        if (JSON.stringify(before) !== JSON.stringify(choices.known)) {
          // If saving fails, the choices still apply until the device closes.
          await this.#options?.store.keep(device, choices.known).catch(() => undefined);
        }
      }
    }
    if (signal?.aborted) return { planned, measured };
    const dispatches = planned.programs.flatMap((program) => program.plan.dispatches);
    await makePipelines(device, dispatches, (made, count) =>
      onProgress?.({ label: message('kernels_preparing'), fraction: made / count, uneven: true }),
    );
    return { planned, measured };
  }

  #tunes({ kind }: Device): boolean {
    return this.#options !== undefined && (kind === 'gpu' || this.#options.software === true);
  }
}
