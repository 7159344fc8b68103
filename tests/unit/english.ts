import { CATALOGUES } from '../../src/core/messages/languages';
import { sentence, type Told } from '../../src/core/messages/message';

/** A message in English. */
export function english(told: Told): string {
  return typeof told === 'string' ? told : sentence(CATALOGUES.en, told);
}
