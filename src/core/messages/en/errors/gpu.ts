import { format } from '../format';

/** Errors of the device, of the graphs that run on it and of their ops. */
export const gpuErrors = {
  buffer_too_large: ({ label, size, most }: { label: string; size: number; most: number }) => ({
    message: `${label} needs ${format.bytes(size)} in one buffer; this device allows ${format.bytes(most)}.`,
    hint: 'Choose a smaller batch, length or rank.',
  }),
  gpu_read_failed: { message: 'The page could not read results back from the graphics card.' },
  gpu_out_of_memory: {
    message: 'The graphics card has no memory left.',
    hint: 'Close other tabs that use the GPU, or choose a smaller batch, length or rank.',
  },
  gpu_error: {
    message: 'The graphics driver refused a command.',
    hint: 'Close other tabs that use the GPU, or choose a smaller batch, length or rank.',
  },
  device_lost: {
    message: 'The browser lost its connection to the graphics card.',
    hint: 'Try again: the page then opens a new connection. A run continues from its last checkpoint.',
  },
  webgpu_missing: {
    message: 'This browser has no WebGPU, which training needs.',
    hint: 'Open this page in a current Chrome, Edge or Safari, or in Firefox 141 or newer on Windows.',
  },
  gpu_adapter_missing: ({ found }: { found: boolean }) =>
    found
      ? {
          message: 'The graphics card was found, but could not be opened.',
          hint: 'Close other tabs and programs that use it, update the graphics driver, or restart the browser.',
        }
      : {
          message: 'This browser has WebGPU, but found no graphics card that it can use.',
          hint: 'Switch on hardware acceleration in the browser’s settings and update the graphics driver. If the page has worked before, restart the browser.',
        },
  shader_missing: ({ name }: { name: string }) => ({ message: `There is no shader shaders/${name}.wgsl.` }),
  shader_syntax: ({ name, fault }: { name: string; fault: string }) => ({
    message: `shaders/${name}.wgsl can’t be expanded: ${fault}.`,
  }),
  shader_rejected: ({ kernel }: { kernel: string }) => ({
    message: `The graphics driver does not accept the kernel ${kernel}.`,
    hint: 'Update the browser and the graphics driver.',
  }),
  slot_missing: ({ slot }: { slot: string }) => ({ message: `No buffer is bound to ${slot}.` }),
  tensor_exceeds_binding: ({ tokens, bytes, most }: { tokens: number; bytes: number; most: number }) => ({
    message: `Batches of ${format.count(tokens)} tokens need ${format.bytes(bytes)} in one piece; this device allows ${format.bytes(most)}.`,
    hint: 'Choose a smaller per_device_train_batch_size or max_seq_length.',
  }),
  adapter_exceeds_binding: ({ bytes, most }: { bytes: number; most: number }) => ({
    message: `One matrix of the adapter needs ${format.bytes(bytes)} in one piece; this device allows ${format.bytes(most)}.`,
    hint: 'Choose a smaller r.',
  }),
  size_not_multiple_of_4: ({ side, size }: { side: 'input' | 'output'; size: number }) => ({
    message: `This model has a layer whose ${side} size is ${size}, which is not a multiple of 4.`,
    hint: 'Choose a model whose layer sizes are multiples of 4.',
  }),
};
