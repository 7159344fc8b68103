/**
 * The linear maps that a block of some family has, by PEFT's names, in the order of the forward pass: what settings may
 * name. Which of them a model has is in its spec: GLM has gate_up_proj where the others have gate_proj and up_proj.
 */
export const LINEAR_MODULES = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'gate_up_proj',
  'down_proj',
] as const;

export type LinearModule = (typeof LINEAR_MODULES)[number];
