import * as v from 'valibot';
import type { ModelSpec, Towers } from '../spec';
import { parseConfig } from './common';
import type { Family } from './family';

const Wrapper = v.looseObject({
  text_config: v.looseObject({}),
  tie_word_embeddings: v.optional(v.boolean(), true),
});

/** Transformers' names of the parts of models with towers, and the names in checkpoints from before version 4.52. */
const TOWERS: Towers = {
  prefixes: ['model.vision_tower.', 'model.multi_modal_projector.'],
  renamed: [
    ['language_model.model.', 'model.language_model.'],
    ['language_model.lm_head.', 'lm_head.'],
    ['vision_tower.', 'model.vision_tower.'],
    ['multi_modal_projector.', 'model.multi_modal_projector.'],
  ],
};

/**
 * A model of the family with towers for images beside it (its `conditional` architecture): `text_config` is read as the
 * family's config.json, and only the text part is trained. The outer config decides whether the head is tied.
 */
export function specWithTowers(family: Family, config: unknown): ModelSpec {
  const { text_config, tie_word_embeddings } = parseConfig(Wrapper, config);
  const spec = family.spec({ ...text_config, tie_word_embeddings });
  return { ...spec, root: 'model.language_model', towers: TOWERS };
}
