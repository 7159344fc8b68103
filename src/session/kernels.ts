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
  /** Where the answers are kept. */
  readonly store: KernelChoiceStore;
  /** Also on adapters that run on the CPU, which keep the defaults else: these are measured on such ones. */
  readonly software?: boolean;
  /** The longest that fitting may take, where it is shorter than what is granted to it. */
  readonly seconds?: number;
}

export interface PrepareOptions {
  /** The longest that fitting the kernels may take. */
  readonly seconds: number;
  readonly onProgress?: OnProgress;
  /** Ends the fitting early; what was found until then holds. */
  readonly signal?: AbortSignal;
}

export interface Programs {
  /** All that will run. */
  readonly programs: readonly TunedProgram[];
}

/** What inputs hold while candidates are timed: all rows are one example, which attention takes longest for. */
export const TRIAL_CONTENTS = new Map([
  ['segments', (rows: number) => Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2) * rows)],
  ['positions', (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i)],
]);

/** Fits the kernels of programs to the device and compiles them, before the programs are compiled. */
export class Kernels {
  readonly #options: TuningOptions | undefined;

  /** @param options without them, the defaults hold and nothing is measured */
  constructor(options: TuningOptions | undefined) {
    this.#options = options;
  }

  /** Gives a device that was just opened the answers that are kept of it. */
  async recall(device: Device): Promise<void> {
    if (!this.#tunes(device)) return;
    // What can't be read is measured anew.
    const known = await this.#options?.store.recall(device).catch(() => undefined);
    if (known) device.choices.recall(known);
  }

  /**
   * Measures what is not known yet, keeps it, and makes the pipelines, in parallel.
   *
   * @param plan plans what will run, with the choices as they are; called again where they have changed
   * @returns the last that it planned, and whether anything was measured
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
          // What can't be kept holds as long as the device is open.
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
