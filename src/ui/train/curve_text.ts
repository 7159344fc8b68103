import { t } from '../language.svelte';
import type { Axis, CurveName } from './curve';

/** A value of a curve, with its unit. */
export function valueText(what: CurveName, value: number): string {
  return what === 'memory' ? t.format.bytes(value) : t.format.number(value);
}

/** A place of a chart in words. */
export function placeText(axis: Axis, x: number): string {
  if (axis === 'time') return t.format.seconds(x);
  return t.train.places[axis](axis === 'step' ? t.format.count(x) : t.format.number(x));
}

/** A place below a chart. */
export function tickText(axis: Axis, x: number): string {
  if (axis === 'time') return t.format.seconds(x);
  return axis === 'step' ? t.format.count(x) : String(Number(x.toPrecision(6)));
}
