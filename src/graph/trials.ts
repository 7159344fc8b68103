import { TunesmithError } from '../core/errors';
import type { Device } from '../gpu/device';
import type { TimeSource } from '../gpu/timing';
import type { Dispatch } from '../ops/op';
import { compile, makePipelines } from './compile';
import { planDispatches, type Plan } from './plan';
import { Program } from './program';
import type { TracedNode } from './trace';
import type { Trial, TrialBench, TunedProgram } from './tune';

export interface TrialOptions {
  /** Buffers that may be read, by slot: the model's weights. What else a candidate binds is scratch, and zero. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  /** What a slot holds instead of zeros, for so many u32: what an op's loops go by. */
  readonly contents?: ReadonlyMap<string, (words: number) => Uint32Array<ArrayBuffer>>;
}

const PURPOSE = 'tuning';

/** Times candidates on a device: each as a small program of its own, on scratch memory that all of them share. */
export class DeviceTrials implements TrialBench {
  readonly #device: Device;
  readonly #options: TrialOptions;
  readonly #slots = new Map<string, GPUBuffer>();
  readonly #arenas: GPUBuffer[] = [];
  /** Timestamps, until they make no sense. */
  #source: TimeSource | undefined;

  constructor(device: Device, options: TrialOptions) {
    this.#device = device;
    this.#options = options;
  }

  get rate(): number {
    return this.#device.queue.rate;
  }

  async compile(candidates: readonly (readonly Dispatch[])[], seconds: number): Promise<void> {
    let made: Promise<unknown> | undefined;
    await this.#guarded(() => {
      // One that is refused is found out again, and told, when it is prepared.
      made = Promise.allSettled(candidates.map((dispatches) => makePipelines(this.#device, dispatches)));
      return Promise.resolve();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
    await Promise.race([made, timeout]);
    clearTimeout(timer);
  }

  async prepare(
    candidates: readonly (readonly Dispatch[])[],
    { plan: { capacity, origins }, past = 0 }: TunedProgram,
  ): Promise<readonly (Trial | 'refused')[] | undefined> {
    const plans = candidates.map((dispatches) => this.#plan(dispatches, capacity, origins[0]));
    const reserved = await this.#guarded(() => {
      this.#reserve(plans.filter((plan) => plan !== undefined));
      return Promise.resolve(true);
    });
    if (!reserved) {
      this.destroy();
      return undefined;
    }
    const trials: (Trial | 'refused')[] = [];
    for (const plan of plans) trials.push((plan && (await this.#trial(plan, past))) ?? 'refused');
    return trials;
  }

  /** Frees the scratch memory. */
  destroy(): void {
    for (const buffer of [...this.#slots.values(), ...this.#arenas.splice(0)]) {
      this.#device.buffers.destroy(PURPOSE, buffer);
    }
    this.#slots.clear();
  }

  /** Undefined where the device has no room for what it binds. */
  #plan(dispatches: readonly Dispatch[], capacity: number, origin: TracedNode | undefined): Plan | undefined {
    const { limits } = this.#device;
    try {
      const plan = planDispatches(dispatches, { capacity, limits });
      const origins = origin ? dispatches.map(() => origin) : [];
      return { ...plan, origins, questions: [] };
    } catch (error) {
      if (error instanceof TunesmithError) return undefined;
      throw error;
    }
  }

  /** Grows the scratch memory to what any of the plans needs. */
  #reserve(plans: readonly Plan[]): void {
    const { buffers } = this.#device;
    for (const { arenas, slots, dispatches } of plans) {
      arenas.forEach((bytes, index) => {
        const arena = this.#arenas[index];
        if (arena && arena.size >= bytes) return;
        if (arena) buffers.destroy(PURPOSE, arena);
        this.#arenas[index] = buffers.create(PURPOSE, `arena ${index}`, bytes);
      });
      for (const [slot, bytes] of slots) {
        if (this.#isGiven(slot, dispatches)) continue;
        const scratch = this.#slots.get(slot);
        if (scratch && scratch.size >= bytes) continue;
        if (scratch) buffers.destroy(PURPOSE, scratch);
        const buffer = buffers.create(PURPOSE, slot, bytes);
        this.#slots.set(slot, buffer);
        const contents = this.#options.contents?.get(slot);
        if (contents) buffers.write(buffer, contents(Math.floor(buffer.size / 4)));
      }
    }
  }

  /** Whether a slot's own buffer is there and would only be read. */
  #isGiven(slot: string, dispatches: readonly Dispatch[]): boolean {
    return (
      this.#options.buffers.has(slot) &&
      dispatches.every(({ bindings }) =>
        bindings.every(
          ({ tensor: { storage }, access }) =>
            access === 'read' || storage.kind !== 'bound' || storage.slot !== slot,
        ),
      )
    );
  }

  async #trial(plan: Plan, past: number): Promise<Trial | undefined> {
    const buffers = new Map([...this.#options.buffers, ...this.#slots]);
    const request = { buffers, arenas: this.#arenas, purpose: PURPOSE };
    const program = await this.#guarded(() => compile(this.#device, plan, request));
    if (!program) return undefined;
    return {
      seconds: (rows, repeats) => this.#seconds(program, { rows, past }, repeats),
      destroy: () => program.destroy(),
    };
  }

  async #seconds(
    program: Program,
    values: { readonly rows: number; readonly past: number },
    repeats: number,
  ): Promise<number | undefined> {
    const source = this.#source;
    const options = { repeats, ...(source && { source }) };
    const profile = await this.#guarded(() => program.profile(values, options));
    if (!profile) return undefined;
    const seconds = profile.dispatches.reduce((sum, dispatch) => sum + dispatch.seconds, 0);
    if (!Number.isNaN(seconds) || profile.source === 'wall clock') return seconds;
    this.#source = 'wall clock';
    return await this.#seconds(program, values, repeats);
  }

  /**
   * What the work resolves to; undefined where the device refuses some of it, which costs the work alone. Nothing else
   * uses the device meanwhile. Throws where the device was lost.
   */
  async #guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { gpu } = this.#device;
    const filters = ['out-of-memory', 'internal', 'validation'] as const;
    for (const filter of filters) gpu.pushErrorScope(filter);
    let result: T | undefined;
    let errors: readonly (GPUError | null)[];
    try {
      result = await work();
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
    } finally {
      // A lost device has no scopes any more: `check` tells.
      errors = await Promise.all(filters.map(() => gpu.popErrorScope().catch(() => null)));
    }
    this.#device.check();
    if (errors.every((error) => error === null)) return result;
    if (result instanceof Program) result.destroy();
    return undefined;
  }
}
