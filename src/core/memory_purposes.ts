/** What memory on the device is for: every buffer counts under one of these. With a name for a person. */
export const MEMORY_PURPOSES = {
  base: 'Base model',
  adapter: 'Adapter',
  gradients: 'Gradients',
  moments: 'Optimizer state',
  activations: 'Activations',
  inputs: 'Inputs',
  cache: 'Chat cache',
  chat: 'Chat activations',
  loading: 'Loading',
  tuning: 'Fitting of kernels',
  other: 'Other',
} as const;

export type MemoryPurpose = keyof typeof MEMORY_PURPOSES;

/** Bytes by purpose. */
export type MemoryByPurpose = Readonly<Partial<Record<MemoryPurpose, number>>>;

/** The purposes that take something, in a fixed order. */
export function memoryParts(
  memory: MemoryByPurpose,
): readonly { readonly purpose: MemoryPurpose; readonly label: string; readonly bytes: number }[] {
  return (Object.keys(MEMORY_PURPOSES) as MemoryPurpose[])
    .map((purpose) => ({ purpose, label: MEMORY_PURPOSES[purpose], bytes: memory[purpose] ?? 0 }))
    .filter(({ bytes }) => bytes > 0);
}

export function memoryTotalOf(memory: MemoryByPurpose): number {
  return memoryParts(memory).reduce((sum, { bytes }) => sum + bytes, 0);
}
