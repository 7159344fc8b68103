import { TunesmithError } from '../core/errors';
import type { Device } from '../gpu/device';
import type { TimeSource } from '../gpu/timing';
import type { Access, Dispatch, Tensor } from '../ops/op';
import { compile, makePipelines } from './compile';
import { planDispatches, type Plan } from './plan';
import { Program } from './program';
import { Scratch, type ScratchOptions } from './scratch';
import type { TracedNode } from './trace';
import type { Trial, TrialBench, TunedProgram } from './trial';

interface Candidate {
  readonly dispatches: readonly Dispatch[];
  /** Its outputs, in the same order for all candidates. */
  readonly outputs: readonly Tensor[];
  /** The tensors to fill before it runs: the outputs, and those that it reads before it writes them. */
  readonly given: readonly Tensor[];
}

/** Times candidates on a device: each as a small program of its own, on scratch memory that all of them share. */
export class DeviceTrials implements TrialBench {
  readonly #device: Device;
  readonly #scratch: Scratch;
  /** Timestamps, until they make no sense. */
  #source: TimeSource | undefined;

  constructor(device: Device, options: ScratchOptions) {
    this.#device = device;
    this.#scratch = new Scratch(device, options);
  }

  get rate(): number {
    return this.#device.queue.rate;
  }

  async compile(candidates: readonly (readonly Dispatch[])[], seconds: number): Promise<void> {
    let made: Promise<unknown> | undefined;
    await this.#guarded(() => {
      // `prepare` compiles again and reports a kernel that the driver rejects.
      made = Promise.allSettled(candidates.map((dispatches) => makePipelines(this.#device, dispatches)));
      return Promise.resolve();
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
    await Promise.race([made, timeout]);
    clearTimeout(timer);
  }

  async prepare(
    lists: readonly (readonly Dispatch[])[],
    { plan: { capacity, origins }, past = 0 }: TunedProgram,
  ): Promise<readonly (Trial | 'refused')[] | undefined> {
    const candidates = candidatesOf(lists);
    const plans = candidates.map((candidate) => this.#plan(candidate, capacity, origins[0]));
    const reserved = await this.#guarded(() => {
      this.#scratch.reserve(plans.filter((plan) => plan !== undefined));
      return Promise.resolve(true);
    });
    if (!reserved) {
      this.destroy();
      return undefined;
    }
    const trials: (Trial | 'refused')[] = [];
    for (const [index, plan] of plans.entries()) {
      trials.push((plan && (await this.#trial(candidates[index]!, plan, past))) ?? 'refused');
    }
    return trials;
  }

  /** Frees the scratch memory and the large readback buffers, which nothing else needs. */
  destroy(): void {
    this.#scratch.destroy();
    this.#device.buffers.dropReadbacks();
  }

  /** Undefined if the device has no room for its buffers. */
  #plan(
    { dispatches, outputs: keep, given }: Candidate,
    capacity: number,
    origin: TracedNode | undefined,
  ): Plan | undefined {
    const { limits } = this.#device;
    try {
      const plan = planDispatches(dispatches, { capacity, limits, keep, given });
      const origins = origin ? dispatches.map(() => origin) : [];
      return { ...plan, origins, plannedChoices: [] };
    } catch (error) {
      if (error instanceof TunesmithError) return undefined;
      throw error;
    }
  }

  async #trial({ outputs, given }: Candidate, plan: Plan, past: number): Promise<Trial | undefined> {
    const { buffers, arenas } = this.#scratch;
    const request = { buffers, arenas, purpose: 'tuning' as const };
    const program = await this.#guarded(() => compile(this.#device, plan, request));
    if (!program) return undefined;
    const fill = (rows: number): void => this.#scratch.fill(plan, given, rows);
    return {
      seconds: async (rows, repeats) => {
        fill(rows);
        return await this.#seconds(program, { rows, past }, repeats);
      },
      results: (rows) =>
        this.#guarded(async () => {
          fill(rows);
          await program.run({ rows, past });
          const read = await Promise.all(outputs.map((tensor) => program.read(tensor, rows)));
          return read.map((bytes) => new Float32Array(bytes));
        }),
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
   * The result of the work; undefined if the device reports an error, which then affects this work alone, since nothing
   * else uses the device meanwhile. Throws if the device is lost.
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
      // A lost device has no error scopes; `check` reports the loss.
      errors = await Promise.all(filters.map(() => gpu.popErrorScope().catch(() => null)));
    }
    this.#device.check();
    if (errors.every((error) => error === null)) return result;
    if (result instanceof Program) result.destroy();
    return undefined;
  }
}

/**
 * A tensor that is written and not read again is an output. All outputs of a node are compared, and every other tensor
 * that all candidates leave behind, because the rest of the node reads it.
 */
function candidatesOf(lists: readonly (readonly Dispatch[])[]): readonly Candidate[] {
  const outputs = lists.map(outputsOf);
  const shared = (outputs[0] ?? []).filter((tensor) => outputs.every((all) => all.includes(tensor)));
  const own = outputs.map((all) => all.filter((tensor) => !shared.includes(tensor)));
  const shapes = own.map((tensors) => tensors.map(({ shape }) => shape.join()).join('; '));
  const alike = shapes.every((shape) => shape === shapes[0]);
  return lists.map((dispatches, index) => {
    const compared = alike ? [...shared, ...own[index]!] : shared;
    const given = tensorsOf(dispatches).filter(
      (tensor) => compared.includes(tensor) || accessesOf(tensor, dispatches)[0] !== 'write',
    );
    return { dispatches, outputs: compared, given };
  });
}

function outputsOf(dispatches: readonly Dispatch[]): readonly Tensor[] {
  return tensorsOf(dispatches).filter((tensor) => accessesOf(tensor, dispatches).at(-1) !== 'read');
}

function tensorsOf(dispatches: readonly Dispatch[]): readonly Tensor[] {
  return [...new Set(dispatches.flatMap(({ bindings }) => bindings.map(({ tensor }) => tensor)))];
}

function accessesOf(tensor: Tensor, dispatches: readonly Dispatch[]): readonly Access[] {
  const bindings = dispatches.flatMap((dispatch) => dispatch.bindings);
  return bindings.filter((binding) => binding.tensor === tensor).map(({ access }) => access);
}
