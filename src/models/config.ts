import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { FAMILIES } from './families';
import { specWithTowers } from './families/towers';
import type { ModelSpec } from './spec';

/** The architectures that config.json may name. */
export const ARCHITECTURES: readonly string[] = FAMILIES.flatMap(({ architecture, conditional }) => [
  architecture,
  ...(conditional === undefined ? [] : [conditional]),
]);

const Architectures = v.object({ architectures: v.pipe(v.array(v.string()), v.minLength(1)) });

/**
 * The spec of a parsed config.json. Throws `config_invalid` if it is none, `architecture_unsupported` for other
 * families, and `config_unsupported` naming a field that asks for unsupported arithmetic.
 */
export function readSpec(config: unknown): ModelSpec {
  const parsed = v.safeParse(Architectures, config);
  if (!parsed.success) {
    throw new TunesmithError({ code: 'config_invalid', values: {} });
  }
  const name = parsed.output.architectures[0] ?? '';
  const family = FAMILIES.find(({ architecture, conditional }) => [architecture, conditional].includes(name));
  if (!family) {
    throw new TunesmithError({
      code: 'architecture_unsupported',
      values: { name, known: ARCHITECTURES },
    });
  }
  return name === family.conditional ? specWithTowers(family, config) : family.spec(config);
}
