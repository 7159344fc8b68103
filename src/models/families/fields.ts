import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';

/** A whole number from 1 on. No model has a size near 2^24, and products of a few sizes must stay exact. */
export const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24));
/** The spec lists every layer, so a wrong number must not fill the memory. */
export const layerCount = v.pipe(size, v.maxValue(1024));
export const positive = v.pipe(v.number(), v.gtValue(0), v.finite());

export function unsupported(field: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'config_unsupported',
    values: { field, value: value === undefined ? 'undefined' : JSON.stringify(value) },
  });
}
