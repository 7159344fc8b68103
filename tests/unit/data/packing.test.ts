import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packMicroBatch, textsOf, type TokenizedExample } from '../../../src/data/batches';
import { each, listOf, targetCount, tokenCount } from '../../../src/data/example_list';
import { packed, piecesOf } from '../../../src/data/packed_list';
import {
  binsOf,
  cutOff,
  inPieces,
  wrapped,
  type Bins,
  type PackingStrategy,
  type Parts,
} from '../../../src/data/packing';

interface Packing {
  readonly lengths: readonly number[];
  readonly size: number;
  /** TRL's bins: [example, first token, token after the last] of each part. */
  readonly bins: Readonly<Record<PackingStrategy, readonly (readonly [number, number, number])[][]>>;
}

const { packings } = JSON.parse(readFileSync(new URL('fixtures/packing.json', import.meta.url), 'utf8')) as {
  readonly packings: readonly Packing[];
};
const STRATEGIES: readonly PackingStrategy[] = ['bfd', 'bfd_split', 'wrapped'];
const partsOf = { bfd: cutOff, bfd_split: inPieces, wrapped };

function shown({ examples, begins, ends }: Parts, bins: Bins): unknown {
  return Array.from({ length: bins.length }, (_, bin) =>
    Array.from(bins.parts.slice(bins.firsts[bin], bins.firsts[bin + 1]), (part) => [
      examples[part],
      begins[part],
      ends[part],
    ]),
  );
}

/** An example of as many tokens, each with an id of its own; every third token is no target. */
function example(index: number, length: number): TokenizedExample {
  return {
    ids: Uint32Array.from({ length }, (_, token) => 1000 * index + token),
    trained: Uint8Array.from({ length }, (_, token) => (token % 3 === 2 ? 0 : 1)),
  };
}

const all = async (list: Parameters<typeof each>[0]): Promise<TokenizedExample[]> => {
  const found: TokenizedExample[] = [];
  for await (const one of each(list)) found.push(one);
  return found;
};

describe('bins', () => {
  it.each(STRATEGIES)('are those of TRL: %s', (strategy) => {
    for (const { lengths, size, bins } of packings) {
      const parts = partsOf[strategy](lengths, size);
      expect(shown(parts, binsOf(parts, size, strategy))).toEqual(bins[strategy]);
    }
  });

  it('of no examples are none', () => {
    for (const strategy of STRATEGIES) {
      expect(binsOf(partsOf[strategy]([], 8), 8, strategy).length).toBe(0);
    }
  });
});

describe('packed', () => {
  const size = 16;
  const examples = packings[2]!.lengths.map((length, index) => example(index, length));
  const list = listOf(examples);

  it.each(STRATEGIES)('keeps texts apart and lies about no size: %s', async (strategy) => {
    const bins = await packed(list, size, strategy);
    for (const [index, bin] of (await all(bins)).entries()) {
      expect(bin.ids.length).toBeLessThanOrEqual(size);
      expect(bins.tokens(index)).toBe(bin.ids.length);
      expect(bins.targets(index)).toBe(packMicroBatch([bin]).targetTokens);
      for (const [first, end] of textsOf(bin)) {
        const text = bin.ids.slice(first, end);
        const index = Math.floor(text[0]! / 1000);
        const from = text[0]! % 1000;
        expect(text).toEqual(examples[index]!.ids.slice(from, from + text.length));
        expect(bin.trained.slice(first, end)).toEqual(
          examples[index]!.trained.slice(from, from + text.length),
        );
      }
    }
  });

  it('loses tokens only if it cuts examples off', async () => {
    const [cut, split, wrappedBins] = await Promise.all(STRATEGIES.map((each) => packed(list, size, each)));
    const ids = async (bins: typeof cut): Promise<number[]> =>
      (await all(bins!)).flatMap(({ ids }) => Array.from(ids)).sort((a, b) => a - b);
    const given = examples.flatMap(({ ids }) => Array.from(ids)).sort((a, b) => a - b);
    expect(await ids(wrappedBins)).toEqual(given);
    // A piece of one token has no target, so a bin with nothing else is left out.
    expect((await ids(split)).length).toBeGreaterThan(given.length - 3);
    expect(await ids(cut)).toEqual(given.filter((id) => id % 1000 < size));
  });

  it('gives a batch the targets, the positions and the segments of its texts', async () => {
    const bins = await packed(listOf([example(1, 5), example(2, 7)]), 12, 'bfd');
    const bin = await bins.at(0);
    expect(bins.length).toBe(1);
    const batch = packMicroBatch([bin]);
    expect(batch).toEqual(packMicroBatch([example(2, 7), example(1, 5)]));
    expect(batch.positions).toEqual(Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4));
  });

  it('leaves out a bin from which nothing is learnt', async () => {
    const silent = { ids: Uint32Array.of(1, 2, 3), trained: Uint8Array.of(1, 0, 0) };
    expect((await packed(listOf([silent, example(1, 12)]), 12, 'bfd')).length).toBe(1);
    expect((await piecesOf(listOf([example(1, 13)]), 12)).length).toBe(1);
  });

  it('keeps the length of a cut example', async () => {
    const cut = { ...example(1, 12), whole: 40 };
    const bins = await packed(listOf([example(2, 4), cut]), 12, 'bfd');
    expect([bins.whole(0), bins.whole(1)]).toEqual([40, undefined]);
  });
});

describe('piecesOf', () => {
  it('loses nothing of a long text but the targets without a token before them', async () => {
    const text = {
      ids: Uint32Array.from({ length: 30 }, (_, id) => id),
      trained: new Uint8Array(30).fill(1),
    };
    const list = listOf([example(1, 8), text]);
    const pieces = await piecesOf(list, 12);
    expect((await all(pieces)).map(({ ids }) => ids.length)).toEqual([8, 12, 12, 6]);
    expect(tokenCount(pieces)).toBe(38);
    expect(targetCount(pieces)).toBe(targetCount(list) - 2);
  });
});
