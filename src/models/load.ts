import { floatsOf, isFloatDtype } from '../core/dtype';
import type { TensorInfo } from '../formats/safetensors';
import type { Device } from '../gpu/device';
import { checkTensors } from './check_tensors';
import type { Checkpoint, FileReader } from './files';
import {
  ROTARY_SLOT,
  modelLayout,
  weightSlots,
  type LoadSettings,
  type ModelLayout,
  type WeightLayout,
} from './layout';
import type { Model } from './model';
import { Quantizer } from './quantize';
import { rotaryTable } from './rotary_table';

/** The layout that a checkpoint will have on a device; throws what `checkTensors` refuses. */
export function layoutOf(
  checkpoint: Checkpoint,
  quantization: LoadSettings,
  maxBinding: number,
): ModelLayout {
  const { spec, header } = checkpoint;
  return modelLayout(spec, checkTensors(spec, header), quantization, maxBinding);
}

/**
 * Brings a checkpoint's weights to the device, tensor by tensor in the file's order, quantising on the way. What was
 * allocated is freed where it fails. Throws what reading or the device reports.
 *
 * @param onTensor called before each tensor with its number, how many there are, and its name
 * @param signal stops between tensors
 */
export async function loadModel(
  device: Device,
  checkpoint: Checkpoint,
  quantization: LoadSettings,
  onTensor: (index: number, count: number, name: string) => void,
  signal?: AbortSignal,
): Promise<Model> {
  const layout = layoutOf(checkpoint, quantization, device.limits.maxStorageBufferBindingSize);
  const buffers = new Map<string, GPUBuffer>();
  const destroy = (): void => {
    for (const buffer of buffers.values()) device.buffers.destroy('base', buffer);
    buffers.clear();
  };
  const quantizer = new Quantizer(device);
  try {
    for (const { slot, bytes } of weightSlots(layout)) {
      buffers.set(slot, device.buffers.create('base', slot, bytes));
    }
    const table = rotaryTable({ ...layout.spec.rotary, maxPositions: layout.positions });
    buffers.set(ROTARY_SLOT, device.buffers.create('base', ROTARY_SLOT, table.byteLength));
    device.buffers.write(target(buffers, ROTARY_SLOT), table);
    const wanted = [...checkpoint.header.tensors].filter(([name]) => layout.tensors.has(name));
    for (const [index, [name, info]] of wanted.entries()) {
      signal?.throwIfAborted();
      onTensor(index, wanted.length, name);
      const place = layout.tensors.get(name);
      if (place) await loadTensor({ device, buffers, quantizer, file: checkpoint.weights }, info, place);
      device.check();
    }
    await device.queue.idle();
    return { device, layout, buffers, destroy };
  } catch (error) {
    destroy();
    throw error;
  } finally {
    quantizer.destroy();
  }
}

interface Loading {
  readonly device: Device;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly quantizer: Quantizer;
  readonly file: FileReader;
}

async function loadTensor(loading: Loading, info: TensorInfo, place: WeightLayout): Promise<void> {
  const { device, buffers, quantizer, file } = loading;
  if (!isFloatDtype(info.dtype)) throw new Error(`a tensor of dtype ${info.dtype} passed the check`);
  if (place.kind === 'vector') {
    const bytes = await file.read(info.begin, info.end);
    device.buffers.write(target(buffers, place.slot.slot), floatsOf(info.dtype, bytes));
    return;
  }
  const rowBytes = (info.end - info.begin) / place.out;
  const rows = (first: number, count: number): Promise<Uint8Array<ArrayBuffer>> =>
    file.read(info.begin + first * rowBytes, info.begin + (first + count) * rowBytes);
  if (place.kind === 'dense') {
    for (const { slot, firstRow, rows: count } of place.parts) {
      device.buffers.write(target(buffers, slot), await rows(firstRow, count));
    }
    return;
  }
  const codes = target(buffers, place.codes.slot);
  const scales = await quantizer.quantize(
    { dtype: info.dtype, out: place.out, in: place.in, rows, codes },
    place,
  );
  device.buffers.write(target(buffers, place.scales.slot), scales);
}

function target(buffers: ReadonlyMap<string, GPUBuffer>, slot: string): GPUBuffer {
  const buffer = buffers.get(slot);
  if (!buffer) throw new Error(`no buffer for ${slot}`);
  return buffer;
}
