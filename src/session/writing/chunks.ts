/**
 * Parts of a document of up to `size` characters: whole paragraphs if possible, else whole lines, sentences or words. The
 * white space between two parts belongs to neither.
 */
export function chunksOf(document: string, size: number): readonly string[] {
  return packed(document, size, 0)
    .map((chunk) => chunk.trim())
    .filter((chunk) => chunk !== '');
}

/** Borders of parts, the best first. Each matches at the end of a part. */
const BORDERS = [/\n\s*\n/g, /\n/g, /[.!?。！？…]["'”’）)]?\s*/g, /\s+/g];

/** Joins neighbouring parts while they fit, and divides those that do not fit at the next kind of border. */
function packed(text: string, size: number, border: number): readonly string[] {
  if (text.trim().length <= size) return [text];
  const chunks: string[] = [];
  let open = '';
  for (const part of partsOf(text, size, border)) {
    if ((open + part).trim().length <= size) {
      open += part;
      continue;
    }
    if (open !== '') chunks.push(open);
    if (border === BORDERS.length) {
      open = part;
      continue;
    }
    const pieces = packed(part, size, border + 1);
    chunks.push(...pieces.slice(0, -1));
    open = pieces.at(-1) ?? '';
  }
  return [...chunks, open];
}

function partsOf(text: string, size: number, border: number): readonly string[] {
  const pattern = BORDERS[border];
  if (!pattern) return cutParts(text, size);
  const parts: string[] = [];
  let from = 0;
  for (const { 0: whole, index } of text.matchAll(pattern)) {
    parts.push(text.slice(from, index + whole.length));
    from = index + whole.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}

/** Parts of at most `size` UTF-16 units that divide no character. One character may be longer. */
function cutParts(text: string, size: number): readonly string[] {
  const parts: string[] = [];
  let open = '';
  for (const character of text) {
    if (open !== '' && open.length + character.length > size) {
      parts.push(open);
      open = '';
    }
    open += character;
  }
  return [...parts, open];
}
