import { ernie45 } from './ernie4_5';
import type { Family } from './family';
import { gemma3 } from './gemma3';
import { glm } from './glm';
import { lfm2 } from './lfm2';
import { llama } from './llama';
import { mistral } from './mistral';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { smollm3 } from './smollm3';

/** To add a family of known layers, add a file and its line here. */
export const FAMILIES: readonly Family[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  smollm3,
  gemma3,
  ernie45,
  glm,
  lfm2,
];

/** The family of GGUF files with this `general.architecture`. */
export function ggufFamily(architecture: string): Family | undefined {
  return FAMILIES.find(({ gguf }) => gguf?.architecture === architecture);
}

/** A family's name for people. */
export function familyLabel({ family }: { readonly family: string }): string {
  return FAMILIES.find(({ name }) => name === family)?.label ?? family;
}
