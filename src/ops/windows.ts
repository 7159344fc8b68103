import type { Binding, Limits, Tensor } from './op';

/** Bindings start at multiples of so many bytes. */
const ALIGNMENT = 256;

/** A piece of a flat buffer that fits one binding, in bytes. */
export interface Window {
  readonly offset: number;
  readonly size: number;
}

/** A flat buffer of so many bytes in as few pieces as the device's bindings allow; all but the last are equal. */
export function windows(bytes: number, { maxStorageBufferBindingSize }: Limits): Window[] {
  const largest = Math.floor(maxStorageBufferBindingSize / ALIGNMENT) * ALIGNMENT;
  return Array.from({ length: Math.ceil(bytes / largest) }, (_, index) => {
    const offset = index * largest;
    return { offset, size: Math.min(largest, bytes - offset) };
  });
}

/** The same window of a tensor, to read or to update. */
export function windowOf(tensor: Tensor, access: 'read' | 'update', { offset, size }: Window): Binding {
  return { tensor, access, offset, size };
}
