import { engine } from './en/engine';
import { errors } from './en/errors';
import { sentence, type EngineWords, type Told } from './message';

/** The part of the English catalogue that the engine itself uses, for logs and for developers. */
export const english: EngineWords = { engine, errors };

/** A message in English. A text is taken as it is. */
export function inEnglish(told: Told): string {
  return typeof told === 'string' ? told : sentence(english, told);
}
