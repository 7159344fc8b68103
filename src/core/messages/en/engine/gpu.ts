/** Faults in a shader file’s own directives. */
export const gpuMessages = {
  shader_no_number: ({ bound }: { bound: string }) => `${bound} is not a number`,
  shader_if_open: 'it has an #if without #endif',
  shader_for_open: 'it has a #for without #end',
  shader_endif_alone: 'it has an #endif without #if',
};
