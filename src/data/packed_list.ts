import { textsOf, type TokenizedExample } from './batches';
import { targetsIn, type ExampleList } from './example_list';
import {
  binsOf,
  cutOff,
  inPieces,
  oneEach,
  wrapped,
  type Bins,
  type PackingStrategy,
  type Parts,
} from './packing';

/**
 * Each example in pieces of at most `size` tokens, so that nothing of a long one is lost. The first token of a piece is no
 * target, as nothing of its text comes before it.
 */
export async function piecesOf(list: ExampleList, size: number): Promise<ExampleList> {
  const parts = inPieces(lengthsOf(list), size);
  return await binned(list, parts, oneEach(parts));
}

/**
 * Examples in bins of at most `size` tokens. A bin is an example of several texts that do not see one another, so its
 * loss is the sum of theirs. That holds for 'wrapped' too, where TRL lets neighbours in a bin see one another.
 */
export async function packed(
  list: ExampleList,
  size: number,
  strategy: PackingStrategy,
): Promise<ExampleList> {
  const lengths = lengthsOf(list);
  const parts = PARTS[strategy](lengths, size);
  return await binned(list, parts, binsOf(parts, size, strategy));
}

const PARTS = { bfd: cutOff, bfd_split: inPieces, wrapped };

function lengthsOf(list: ExampleList): Uint32Array {
  return Uint32Array.from({ length: list.length }, (_, index) => list.tokens(index));
}

/** The bins as examples. A bin without targets is left out: nothing could be learnt from it. */
async function binned(list: ExampleList, parts: Parts, bins: Bins): Promise<ExampleList> {
  const targets = await targetsOf(list, parts);
  const partsIn = (bin: number): Uint32Array => bins.parts.subarray(bins.firsts[bin], bins.firsts[bin + 1]);
  const sum = (bin: number, count: (part: number) => number): number =>
    partsIn(bin).reduce((total, part) => total + count(part), 0);
  const filled = Uint32Array.from({ length: bins.length }, (_, bin) => bin).filter(
    (bin) => sum(bin, (part) => targets[part]!) > 0,
  );
  const binAt = (index: number): number => {
    const bin = filled[index];
    if (bin !== undefined) return bin;
    throw new RangeError(`there is no bin ${index}`);
  };
  return {
    length: filled.length,
    tokens: (index) => sum(binAt(index), (part) => parts.ends[part]! - parts.begins[part]!),
    targets: (index) => sum(binAt(index), (part) => targets[part]!),
    whole: (index) => {
      const inBin = Array.from(partsIn(binAt(index)));
      if (inBin.every((part) => list.whole(parts.examples[part]!) === undefined)) return undefined;
      // A cut example fills its bin alone.
      return sum(binAt(index), (part) => {
        const example = parts.examples[part]!;
        return list.whole(example) ?? list.tokens(example);
      });
    },
    at: async (index) => {
      const found: TokenizedExample[] = [];
      for (const part of partsIn(binAt(index))) {
        found.push(partOf(await list.at(parts.examples[part]!), parts, part));
      }
      return joined(found);
    },
  };
}

/** Targets of each part. An example is read only if it has several parts, and then once. */
async function targetsOf(list: ExampleList, parts: Parts): Promise<Uint32Array> {
  const targets = new Uint32Array(parts.length);
  let read: { readonly index: number; readonly example: TokenizedExample } | undefined;
  for (let part = 0; part < parts.length; part++) {
    const index = parts.examples[part]!;
    if (parts.ends[part]! - parts.begins[part]! === list.tokens(index)) {
      targets[part] = list.targets(index);
      continue;
    }
    if (read?.index !== index) read = { index, example: await list.at(index) };
    targets[part] = targetsIn(partOf(read.example, parts, part));
  }
  return targets;
}

function partOf(
  { ids, trained, weights, starts = [] }: TokenizedExample,
  parts: Parts,
  part: number,
): TokenizedExample {
  const [begin, end] = [parts.begins[part]!, parts.ends[part]!];
  return {
    ids: ids.subarray(begin, end),
    trained: trained.subarray(begin, end),
    ...(weights && { weights: weights.subarray(begin, end) }),
    starts: starts.filter((start) => start > begin && start < end).map((start) => start - begin),
  };
}

/** Examples as one of as many texts. */
function joined(examples: readonly TokenizedExample[]): TokenizedExample {
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = new Uint32Array(tokens);
  const trained = new Uint8Array(tokens);
  const weights = examples.some((example) => example.weights) ? new Float32Array(tokens).fill(1) : undefined;
  const starts: number[] = [];
  let begin = 0;
  for (const example of examples) {
    ids.set(example.ids, begin);
    trained.set(example.trained, begin);
    if (example.weights) weights?.set(example.weights, begin);
    for (const [first] of textsOf(example)) if (begin + first > 0) starts.push(begin + first);
    begin += example.ids.length;
  }
  return { ids, trained, ...(weights && { weights }), ...(starts.length > 0 && { starts }) };
}
