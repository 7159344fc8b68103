import type { MemoryPurpose } from '../../memory_purposes';

/** The names of what memory on the device is for. */
export const memory = {
  base: 'Base model',
  adapter: 'Adapter',
  gradients: 'Gradients',
  moments: 'Optimizer state',
  activations: 'Activations',
  inputs: 'Inputs',
  cache: 'Chat cache',
  chat: 'Chat activations',
  loading: 'Loading',
  tuning: 'Kernel tuning',
  other: 'Other',
} satisfies Readonly<Record<MemoryPurpose, string>>;
