/** The purposes of memory on the device. Every buffer belongs to one of them. */
const MEMORY_PURPOSES = [
  'base',
  'adapter',
  'gradients',
  'moments',
  'activations',
  'inputs',
  'cache',
  'chat',
  'loading',
  'tuning',
  'other',
] as const;

export type MemoryPurpose = (typeof MEMORY_PURPOSES)[number];

/** Bytes by purpose. */
export type MemoryByPurpose = Readonly<Partial<Record<MemoryPurpose, number>>>;

/** The purposes that use memory, in a fixed order. */
export function memoryParts(
  memory: MemoryByPurpose,
): readonly { readonly purpose: MemoryPurpose; readonly bytes: number }[] {
  return MEMORY_PURPOSES.map((purpose) => ({ purpose, bytes: memory[purpose] ?? 0 })).filter(
    ({ bytes }) => bytes > 0,
  );
}

export function memoryTotalOf(memory: MemoryByPurpose): number {
  return memoryParts(memory).reduce((sum, { bytes }) => sum + bytes, 0);
}
