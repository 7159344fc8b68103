import type { MemoryPurpose } from '../core/memory_purposes';
import type { Readback } from '../gpu/buffers';
import type { Device } from '../gpu/device';
import { encodeRun, type RunValues } from '../gpu/run';
import { timeDispatches, type TimingOptions } from '../gpu/timing';
import { rowElements, type Dispatch, type Tensor } from '../ops/op';
import { byteLength, type Plan } from './plan';
import { describeDispatch, operationsOf, type Profile } from './profile';

export interface Step {
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

export interface ProgramParts {
  readonly plan: Plan;
  readonly steps: readonly Step[];
  readonly uniform: GPUBuffer;
  readonly arenas: readonly GPUBuffer[];
  readonly slots: ReadonlyMap<string, GPUBuffer>;
  readonly owned: readonly { readonly purpose: MemoryPurpose; readonly buffer: GPUBuffer }[];
}

/** The commands of one submit. */
interface EncodedPart {
  readonly commands: GPUCommandBuffer;
  readonly operations: number;
}

/** A run that reads tensors, ready to be submitted. */
interface Encoded {
  readonly rows: number;
  readonly tensors: readonly Tensor[];
  readonly readback: Readback;
  readonly parts: readonly EncodedPart[];
}

/** A compiled graph: runs a thousand times and allocates nothing. */
export class Program {
  readonly #device: Device;
  readonly #parts: ProgramParts;
  #ahead: Encoded | undefined;

  constructor(device: Device, parts: ProgramParts) {
    this.#device = device;
    this.#parts = parts;
  }

  get plan(): Plan {
    return this.#parts.plan;
  }

  /** For programs that never run at the same time as this one. */
  get arenas(): readonly GPUBuffer[] {
    return this.#parts.arenas;
  }

  /** Fills one of the program's inputs from its start. */
  write(slot: string, data: GPUAllowSharedBufferSource): void {
    const buffer = this.#parts.slots.get(slot);
    // An input that the graph does not use has no buffer.
    if (buffer) this.#device.buffers.write(buffer, data);
  }

  /**
   * Submits all dispatches for `values.rows` rows, split so that no submit runs long. Resolves once they are submitted
   * and few enough are under way; `read` waits for results. A signal stops it between two submits.
   */
  async run(values: Partial<RunValues>, signal?: AbortSignal): Promise<void> {
    await this.#submit(values, this.#encode(values.rows ?? 0), signal);
  }

  /**
   * Runs, and reads kept tensors of fixed shape (of others the first row) in the same submit. For runs that each need the
   * result of the one before: the next run is encoded while the device computes.
   */
  async runAndRead(values: Partial<RunValues>, tensors: readonly Tensor[]): Promise<ArrayBuffer> {
    const { rows = 0 } = values;
    const encode = (): Encoded => {
      const ranges = tensors.map((tensor) => ({ ...this.#locate(tensor), bytes: byteLength(tensor, 1) }));
      const readback = this.#device.buffers.readback(ranges);
      return { rows, tensors, readback, parts: [...this.#encode(rows, readback.encode)] };
    };
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const fits =
      ahead?.rows === rows &&
      ahead.tensors.length === tensors.length &&
      ahead.tensors.every((tensor, i) => tensor === tensors[i]);
    if (!fits) ahead?.readback.drop();
    const { readback, parts } = fits ? ahead : encode();
    await this.#submit(values, parts);
    const result = readback.read();
    this.#ahead = encode();
    return await result;
  }

  async #submit(
    values: Partial<RunValues>,
    parts: Iterable<EncodedPart>,
    signal?: AbortSignal,
  ): Promise<void> {
    const { gpu, queue } = this.#device;
    gpu.queue.writeBuffer(this.#parts.uniform, 0, encodeRun(values));
    for (const { commands, operations } of parts) {
      signal?.throwIfAborted();
      await queue.submit(commands, operations);
    }
  }

  /**
   * The commands of a run over `rows` rows, split into submits.
   *
   * @param after appends commands to the last submit
   */
  *#encode(
    rows: number,
    after: (encoder: GPUCommandEncoder) => void = () => undefined,
  ): Generator<EncodedPart, void, void> {
    const { gpu, queue } = this.#device;
    let encoder = gpu.createCommandEncoder();
    let pass = encoder.beginComputePass();
    let operations = 0;
    let current: GPUComputePipeline | undefined;
    for (const { dispatch, pipeline, bindGroup } of this.#parts.steps) {
      const workgroups = dispatch.workgroups(rows);
      if (workgroups.includes(0)) continue;
      const cost = operationsOf(dispatch, rows);
      if (operations > 0 && operations + cost > queue.budget) {
        pass.end();
        yield { commands: encoder.finish(), operations };
        encoder = gpu.createCommandEncoder();
        pass = encoder.beginComputePass();
        operations = 0;
        current = undefined;
      }
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      operations += cost;
    }
    pass.end();
    after(encoder);
    yield { commands: encoder.finish(), operations };
  }

  /**
   * Runs one dispatch after the other, waits for each, and reports what it did and how long it took.
   *
   * @param options.repeats how many times to run each dispatch in a row, if one is too short for the device's clock; an
   * accumulating dispatch accumulates that many times
   */
  async profile(
    values: Partial<RunValues>,
    options: TimingOptions & { readonly repeats?: number } = {},
  ): Promise<Profile> {
    const { plan, steps, uniform } = this.#parts;
    const rows = values.rows ?? 0;
    this.#device.gpu.queue.writeBuffer(uniform, 0, encodeRun(values));
    const active = steps
      .map(({ dispatch, pipeline, bindGroup }, index) => {
        const description = describeDispatch(dispatch, plan.origins[index]!, rows);
        const { workgroups } = description;
        return { description, pipeline, bindGroup, workgroups, repeats: options.repeats };
      })
      .filter(({ workgroups }) => !workgroups.includes(0));
    const { seconds, source } = await timeDispatches(this.#device, active, options);
    const dispatches = active.map(({ description }, index) => ({ ...description, seconds: seconds[index]! }));
    return { dispatches, source };
  }

  /** The first `rows` rows of a kept tensor (all of it where its shape is fixed), after all runs submitted so far. */
  async read(tensor: Tensor, rows: number): Promise<ArrayBuffer> {
    const { buffer, offset } = this.#locate(tensor);
    const bytes =
      tensor.shape[0] === 'rows' ? rows * rowElements(tensor.shape) * 4 : byteLength(tensor, rows);
    return await this.#device.buffers.read(buffer, offset, bytes);
  }

  /** Copies a kept tensor of fixed shape into a buffer, on the device. `offset` is a multiple of 4 bytes. */
  copy(tensor: Tensor, target: GPUBuffer, targetOffset: number): void {
    const { buffer, offset } = this.#locate(tensor);
    const { gpu } = this.#device;
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, target, targetOffset, byteLength(tensor, 1));
    gpu.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    this.#ahead?.readback.drop();
    this.#ahead = undefined;
    for (const { purpose, buffer } of this.#parts.owned) this.#device.buffers.destroy(purpose, buffer);
    this.#parts.uniform.destroy();
  }

  #locate(tensor: Tensor): { buffer: GPUBuffer; offset: number } {
    const { plan, arenas, slots } = this.#parts;
    const { storage } = tensor;
    const placement = plan.placements.get(tensor);
    const buffer = storage.kind === 'bound' ? slots.get(storage.slot) : arenas[placement?.arena ?? -1];
    if (!buffer) throw new Error(`${tensor.name} is not part of this program`);
    return { buffer, offset: storage.kind === 'bound' ? storage.offset : (placement?.offset ?? 0) };
  }
}
