import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';

/** A whole number from 1 on. */
export const size = v.pipe(v.number(), v.integer(), v.minValue(1));
export const positive = v.pipe(v.number(), v.gtValue(0));

export function unsupported(field: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'config_unsupported',
    message: `config.json has ${field} = ${JSON.stringify(value)}, which changes the arithmetic in a way not built here.`,
    hint: 'Choose another model of the same family.',
  });
}
