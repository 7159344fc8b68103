import { deletionTechnique } from './deletion';
import { swapTechnique } from './swap';
import { synonymsTechnique } from './synonyms';
import type { Technique } from './technique';
import { templatesTechnique } from './templates';
import { typosTechnique } from './typos';

/** The ways to change a text, with their options. `share`: the part of the words that is changed, 0 to 1. */
const MAKE = {
  templates: templatesTechnique,
  synonyms: synonymsTechnique,
  typos: typosTechnique,
  deletion: deletionTechnique,
  swap: swapTechnique,
};

export type TechniqueName = keyof typeof MAKE;
export const TECHNIQUE_NAMES = Object.keys(MAKE) as readonly TechniqueName[];

/** The techniques that are on, with their options. */
export type TechniqueOptions = {
  readonly [Name in TechniqueName]?: Parameters<(typeof MAKE)[Name]>[0];
};

/** The techniques that are on, in the order of the list. Throws as they do. */
export function techniquesOf(
  options: TechniqueOptions,
): readonly { readonly name: TechniqueName; readonly technique: Technique }[] {
  return TECHNIQUE_NAMES.flatMap((name) => {
    const given = options[name];
    const make: (options: never) => Technique = MAKE[name];
    return given === undefined ? [] : [{ name, technique: make(given as never) }];
  });
}
