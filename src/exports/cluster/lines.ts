import type { TokenizedExample } from '../../data/batches';
import type { ExportFile } from '../format';

/** The lines of a file, again at each call. */
export type Lines = () => Iterable<string> | AsyncIterable<string>;

/** Bytes of a part. */
const PART_BYTES = 2 ** 20;

const encoder = new TextEncoder();

/** A file of lines. @param size their bytes, with a line break after each */
export function linesFile(name: string, size: number, lines: Lines): ExportFile {
  return {
    name,
    size,
    async *parts() {
      let gathered: string[] = [];
      let length = 0;
      for await (const line of lines()) {
        gathered.push(line, '\n');
        length += line.length;
        if (length < PART_BYTES) continue;
        yield encoder.encode(gathered.join(''));
        gathered = [];
        length = 0;
      }
      if (gathered.length > 0) yield encoder.encode(gathered.join(''));
    },
  };
}

/** Bytes of a line with its line break. */
export function lineBytes(line: string): number {
  return encoder.encode(line).length + 1;
}

/** PyTorch's label of a token that is no target. */
const NO_LABEL = -100;

/** An example as TRL reads it without tokenising: the first token is never a target, because nothing precedes it. */
export function tokensLine({ ids, trained }: Pick<TokenizedExample, 'ids' | 'trained'>): string {
  const labels = Array.from(ids, (id, at) => (at > 0 && trained[at] ? id : NO_LABEL));
  return `{"input_ids":[${ids.join(',')}],"labels":[${labels.join(',')}]}`;
}
