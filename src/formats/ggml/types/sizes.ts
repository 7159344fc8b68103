import type { GgmlFormat } from '../format';

/** The types whose bytes Tunesmith doesn't read. The header of a file with them is read, and an error names them. */
export const sizes = [
  { name: 'Q8_1', number: 9, elements: 32, bytes: 40 },
  { name: 'Q8_K', number: 15, elements: 256, bytes: 292 },
  { name: 'IQ2_XXS', number: 16, elements: 256, bytes: 66 },
  { name: 'IQ2_XS', number: 17, elements: 256, bytes: 74 },
  { name: 'IQ3_XXS', number: 18, elements: 256, bytes: 98 },
  { name: 'IQ1_S', number: 19, elements: 256, bytes: 50 },
  { name: 'IQ3_S', number: 21, elements: 256, bytes: 110 },
  { name: 'IQ2_S', number: 22, elements: 256, bytes: 82 },
  { name: 'I8', number: 24, elements: 1, bytes: 1 },
  { name: 'I16', number: 25, elements: 1, bytes: 2 },
  { name: 'I32', number: 26, elements: 1, bytes: 4 },
  { name: 'I64', number: 27, elements: 1, bytes: 8 },
  { name: 'F64', number: 28, elements: 1, bytes: 8 },
  { name: 'IQ1_M', number: 29, elements: 256, bytes: 56 },
  { name: 'TQ1_0', number: 34, elements: 256, bytes: 54 },
  { name: 'TQ2_0', number: 35, elements: 256, bytes: 66 },
  { name: 'NVFP4', number: 40, elements: 64, bytes: 36 },
] as const satisfies readonly GgmlFormat[];
