import type { gpuMessages as english } from '../../en/engine/gpu';

/** Faults in a shader file’s own directives. */
export const gpuMessages: typeof english = {
  shader_no_number: ({ bound }) => `${bound} 不是数字`,
  shader_if_open: '其中的 #if 缺少 #endif',
  shader_for_open: '其中的 #for 缺少 #end',
  shader_endif_alone: '其中的 #endif 缺少 #if',
};
