import { concatBytes } from '../../../src/core/bytes';
import { pcg4d, streamOf } from '../../../src/core/random';

/** Random choices that depend on a name and a number only, so that a failing case can be had again. */
export class Draw {
  readonly #stream: number;
  readonly #index: number;
  #count = 0;

  constructor(name: string, index: number) {
    this.#stream = streamOf(name);
    this.#index = index;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return pcg4d(this.#count++, this.#stream, this.#index, 1)[0] % bound;
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}

const NUMBERS: readonly [bigint, ...bigint[]] = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  33n,
  255n,
  65535n,
  65536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/**
 * Bytes with one to four changes: bits, bytes and numbers put in their place, pieces taken out, doubled or moved, ends cut
 * or added.
 *
 * @param within changes begin in the first so many bytes
 */
export function mutateBytes(source: Uint8Array, draw: Draw, within = source.length): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(source);
  for (let left = 1 + draw.below(4); left > 0; left--) {
    const at = draw.below(Math.max(1, Math.min(within, bytes.length)));
    const end = Math.min(bytes.length, at + 1 + draw.below(draw.of([1, 8, 64])));
    const before = bytes.subarray(0, at);
    switch (draw.below(8)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
        break;
      case 1:
        bytes[at] = draw.of([0, 1, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x2c, 0x5d, 0x7d, draw.below(256)]);
        break;
      case 2: {
        const number = new Uint8Array(BigUint64Array.of(draw.of(NUMBERS)).buffer);
        bytes.set(number.subarray(0, Math.min(draw.of([1, 2, 4, 8]), bytes.length - at)), at);
        break;
      }
      case 3:
        bytes = concatBytes([before, bytes.subarray(end)]);
        break;
      case 4:
        bytes = concatBytes([before, bytes.subarray(at, end), bytes.subarray(at)]);
        break;
      case 5:
        bytes.copyWithin(draw.below(bytes.length), at, end);
        break;
      case 6:
        bytes = Uint8Array.from(
          draw.below(4) === 0 ? before : bytes.subarray(0, bytes.length - draw.below(9)),
        );
        break;
      default:
        bytes = concatBytes([bytes, new Uint8Array(draw.below(70)).fill(draw.below(256))]);
    }
  }
  return bytes;
}

const VALUES: readonly [unknown, ...unknown[]] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2,
  3,
  0.5,
  -0,
  1e9,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  '',
  '0',
  'nf4',
  '\ud800',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [0],
  [-1, 2 ** 53],
  JSON.parse('{"__proto__": {"length": 5}, "constructor": 1, "toString": []}'),
  nested(200),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

const KEYS: readonly [string, ...string[]] = ['__proto__', 'constructor', 'length', '', 'x', '0'];

/** A parsed JSON value with one to three places changed: values replaced, nudged, taken out, doubled, renamed or swapped. */
export function mutateJson(source: unknown, draw: Draw): unknown {
  const root = { value: JSON.parse(JSON.stringify(source)) as unknown };
  for (let left = 1 + draw.below(3); left > 0; left--) {
    const places = placesOf(root);
    const place = places[draw.below(places.length)];
    if (place) change(place, draw, places);
  }
  return root.value;
}

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

/** Every value with what holds it; of long lists the first and the last few. */
function placesOf(root: Record<string, unknown>): Place[] {
  const places: Place[] = [];
  const visit = (holder: Record<string, unknown> | unknown[], depth: number): void => {
    const keys = Object.keys(holder);
    const few = keys.length > 40 ? [...keys.slice(0, 20), ...keys.slice(-20)] : keys;
    for (const key of few) {
      places.push({ holder, key });
      const value = (holder as Record<string, unknown>)[key];
      if (typeof value === 'object' && value !== null && depth < 12) {
        visit(value as Record<string, unknown>, depth + 1);
      }
    }
  };
  visit(root, 0);
  return places;
}

function change({ holder, key }: Place, draw: Draw, places: readonly Place[]): void {
  const fields = holder as Record<string, unknown>;
  const value = fields[key];
  switch (draw.below(7)) {
    case 0:
    case 1:
      fields[key] = structuredClone(draw.of(VALUES));
      break;
    case 2:
      if (typeof value === 'number')
        fields[key] = draw.of([value + 1, value - 1, value * 2, value / 2, -value]);
      else if (typeof value === 'string')
        fields[key] = draw.of([`${value}x`, value.slice(1), value.toUpperCase()]);
      else fields[key] = value === false;
      break;
    case 3:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      break;
    case 4:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, value);
      else define(fields, `${key}_`, value);
      break;
    case 5:
      if (!Array.isArray(holder)) define(fields, draw.of(KEYS), value);
      break;
    default: {
      const other = places[draw.below(places.length)];
      if (!other) break;
      const fieldsOfOther = other.holder as Record<string, unknown>;
      // Copied: one inside the other would be no JSON.
      const copy = JSON.stringify(fieldsOfOther[other.key]) as string | undefined;
      fields[key] = copy === undefined ? null : (JSON.parse(copy) as unknown);
    }
  }
}

function define(fields: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
}
