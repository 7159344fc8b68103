import type { Binding, Limits, Tensor } from './op';

/** Bindings start at multiples of this many bytes. */
const ALIGNMENT = 256;

/** A range of a flat buffer that fits one binding, in bytes. */
export interface BufferRange {
  readonly offset: number;
  readonly size: number;
}

/** Divides a flat buffer into as few ranges as the device's bindings allow; all but the last are equal. */
export function bufferRanges(bytes: number, { maxStorageBufferBindingSize }: Limits): BufferRange[] {
  const largest = Math.floor(maxStorageBufferBindingSize / ALIGNMENT) * ALIGNMENT;
  return Array.from({ length: Math.ceil(bytes / largest) }, (_, index) => {
    const offset = index * largest;
    return { offset, size: Math.min(largest, bytes - offset) };
  });
}

/** Binds a range of a tensor, to read or to update. */
export function bindRange(tensor: Tensor, access: 'read' | 'update', { offset, size }: BufferRange): Binding {
  return { tensor, access, offset, size };
}
