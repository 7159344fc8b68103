import { TunesmithError } from '../core/errors';
import { PIECE_BYTES } from './pieces';
import { embeddingName, headName, type ModelSpec } from './spec';
import type { StoredTensor } from './stored/stored_weight';

/**
 * Throws `tied_head_differs` if config.json ties the head to the embedding but the checkpoint has a head with other
 * values: Transformers uses that head, so the embedding in its place would be another model.
 */
export async function checkTiedHead(
  spec: ModelSpec,
  tensors: ReadonlyMap<string, StoredTensor>,
): Promise<void> {
  const names = [headName(), embeddingName(spec)] as const;
  const [head, embedding] = names.map((name) => tensors.get(name));
  if (!spec.tiedHead || !embedding || !head || (await sameBytes(embedding, head))) return;
  throw new TunesmithError({
    code: 'tied_head_differs',
    values: { head: names[0], embedding: names[1], file: head.file.name },
  });
}

async function sameBytes(a: StoredTensor, b: StoredTensor): Promise<boolean> {
  const length = a.end - a.begin;
  if (a.dtype !== b.dtype || b.end - b.begin !== length) return false;
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, length - at);
    const [one, other] = await Promise.all(
      [a, b].map(async ({ file, begin }) => await file.read(begin + at, begin + at + bytes)),
    );
    if (!one?.every((byte, i) => byte === other?.[i])) return false;
  }
  return true;
}
