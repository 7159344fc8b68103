import { TunesmithError } from '../../core/errors';
import type { Technique } from './technique';

/** The place of the text in a template. */
const PLACE = '{text}';

const CHINESE = /\p{Script=Han}/u;

/**
 * Puts other words around a question. Chinese templates suit texts with Chinese characters, others the rest.
 *
 * @throws TunesmithError `template_without_text`
 */
export function templatesTechnique({ templates }: { readonly templates: readonly string[] }): Technique {
  const used = templates.map((line) => line.trim()).filter((line) => line !== '' && line !== PLACE);
  for (const template of used) {
    if (template.includes(PLACE)) continue;
    throw new TunesmithError({ code: 'template_without_text', values: { template, place: PLACE } });
  }
  return {
    onlyFirst: true,
    vary(text, draws) {
      const fitting = used.filter((template) => CHINESE.test(template) === CHINESE.test(text));
      if (fitting.length === 0 || text.trim() === '') return undefined;
      return draws.pick(fitting).replaceAll(PLACE, () => text.trim());
    },
  };
}
