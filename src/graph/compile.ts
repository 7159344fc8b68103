import { TunesmithError } from '../core/errors';
import type { MemoryPurpose } from '../core/memory_purposes';
import { untilStopped } from '../core/until_stopped';
import type { Device } from '../gpu/device';
import type { Pipeline } from '../gpu/pipelines';
import { RUN_BYTES } from '../gpu/run';
import type { Binding, Dispatch } from '../ops/op';
import { ALIGNMENT, byteLength, type Plan } from './plan';
import { Program, type Step } from './program';

export interface CompileRequest {
  /** Buffers that outlive the program, by slot. The program makes those of `inputs` itself. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  /** Slots that the program owns and `Program.write` fills: tokens, targets, positions. */
  readonly inputs?: readonly string[];
  /** Arenas of another program that never runs at the same time; reused if they are large enough. */
  readonly arenas?: readonly GPUBuffer[];
  /** For the account of the device's memory. */
  readonly purpose?: MemoryPurpose;
  /** Stops the wait for pipelines, which may take seconds; the device goes on with those that it has begun. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes everything a program needs, once: arenas, pipelines (in parallel), bind groups. Afterwards runs allocate nothing.
 * Frees its allocations if it fails.
 * Throws `slot_missing` if a bound slot has no buffer, what the driver reports, and the signal's reason.
 */
export async function compile(device: Device, plan: Plan, request: CompileRequest): Promise<Program> {
  const { buffers, inputs = [], purpose = 'activations', signal } = request;
  const owned: { purpose: MemoryPurpose; buffer: GPUBuffer }[] = [];
  const own = (forPurpose: MemoryPurpose, label: string, bytes: number): GPUBuffer => {
    const buffer = device.buffers.create(forPurpose, label, bytes);
    owned.push({ purpose: forPurpose, buffer });
    return buffer;
  };
  const arenas = plan.arenas.map((bytes, index) => {
    const shared = request.arenas?.[index];
    return shared && shared.size >= bytes ? shared : own(purpose, `arena ${index}`, bytes);
  });
  const slots = new Map(buffers);
  for (const slot of inputs) {
    const bytes = plan.slots.get(slot);
    // Where the graph does not use an input, `Program.write` has nothing to fill.
    if (bytes !== undefined) slots.set(slot, own('inputs', slot, bytes));
  }
  const { uniform, words } = makeUniform(device, plan);

  const resource = ({ tensor, offset = 0, size }: Binding): GPUBufferBinding => {
    const bytes = size ?? byteLength(tensor, plan.capacity) - offset;
    const { storage } = tensor;
    if (storage.kind === 'bound') {
      const buffer = slots.get(storage.slot);
      if (!buffer) throw new TunesmithError({ code: 'slot_missing', values: { slot: storage.slot } });
      return { buffer, offset: storage.offset + offset, size: bytes };
    }
    const placement = plan.placements.get(tensor);
    const buffer = placement && arenas[placement.arena];
    if (!placement || !buffer) throw new Error(`${tensor.name} was not planned`);
    return { buffer, offset: placement.offset + offset, size: bytes };
  };

  const step = async (dispatch: Dispatch): Promise<Step> => {
    const { pipeline, layout } = await pipelineOf(device, dispatch);
    signal?.throwIfAborted();
    const ownWords = dispatch.words
      ? [{ binding: dispatch.bindings.length + 1, resource: words(dispatch.words) }]
      : [];
    const bindGroup = device.gpu.createBindGroup({
      label: dispatch.kernel,
      layout,
      entries: [
        { binding: 0, resource: { buffer: uniform, size: RUN_BYTES } },
        ...dispatch.bindings.map((binding, index) => ({ binding: index + 1, resource: resource(binding) })),
        ...ownWords,
      ],
    });
    return { dispatch, pipeline, bindGroup };
  };

  try {
    const steps = await untilStopped(Promise.all(plan.dispatches.map(step)), signal);
    device.check();
    return new Program(device, { plan, steps, uniform, arenas, slots, owned });
  } catch (error) {
    for (const { purpose: forPurpose, buffer } of owned) device.buffers.destroy(forPurpose, buffer);
    uniform.destroy();
    throw error;
  }
}

/**
 * Makes the pipelines of dispatches ahead of `compile`, all of them in parallel. Throws what the driver reports.
 *
 * @param onProgress hears how many of how many are made
 */
export async function makePipelines(
  device: Device,
  dispatches: readonly Dispatch[],
  onProgress: (made: number, count: number) => void = () => undefined,
): Promise<void> {
  const pipelines = new Set(dispatches.map((dispatch) => pipelineOf(device, dispatch)));
  let made = 0;
  onProgress(made, pipelines.size);
  await Promise.all(
    [...pipelines].map(async (pipeline) => {
      await pipeline;
      onProgress(++made, pipelines.size);
    }),
  );
}

function pipelineOf(device: Device, dispatch: Dispatch): Promise<Pipeline> {
  return device.pipelines.get({
    kernel: dispatch.kernel,
    constants: dispatch.constants ?? {},
    overrides: dispatch.overrides ?? {},
    writes: dispatch.bindings.map(({ access }) => access !== 'read'),
    words: dispatch.words !== undefined,
  });
}

/** The buffer of `run` and, behind it, of each set of words that the dispatches have, aligned as uniforms are. */
function makeUniform(
  device: Device,
  { dispatches }: Plan,
): { uniform: GPUBuffer; words: (words: readonly number[]) => GPUBufferBinding } {
  const offsets = new Map<string, number>();
  for (const { words } of dispatches) {
    const key = words?.join();
    if (key !== undefined && !offsets.has(key)) offsets.set(key, (offsets.size + 1) * ALIGNMENT);
  }
  const uniform = device.gpu.createBuffer({
    label: 'run',
    size: (offsets.size + 1) * ALIGNMENT,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  for (const [key, offset] of offsets) {
    device.gpu.queue.writeBuffer(uniform, offset, Uint32Array.from(key.split(','), Number));
  }
  const words = (given: readonly number[]): GPUBufferBinding => ({
    buffer: uniform,
    offset: offsets.get(given.join()) ?? 0,
    size: 16,
  });
  return { uniform, words };
}
