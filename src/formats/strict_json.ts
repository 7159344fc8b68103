/**
 * Finds faults that `JSON.parse` accepts but a safetensors header must not have: the same key twice in one object, or a
 * number not written as plain digits (`1.0`, `1e3`, `-1`).
 *
 * @param text JSON that `JSON.parse` has accepted; so it suffices to tell strings, braces and numbers apart
 */
export function duplicateKeyOrFraction(
  text: string,
): { readonly key: string; readonly number?: never } | { readonly number: string } | undefined {
  const tokens = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]|-?\d[\d.eE+-]*/g;
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string === undefined) {
      if (!/^\d+$/.test(token)) return { number: token };
    } else if (colon !== undefined) {
      const key = String(JSON.parse(string));
      const keys = open.at(-1);
      if (keys?.has(key)) return { key };
      keys?.add(key);
    }
  }
  return undefined;
}

/** Orders strings as their UTF-8 bytes are ordered (`<` compares UTF-16 units, which differs beyond U+FFFF). */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const left = new TextEncoder().encode(a);
  const right = new TextEncoder().encode(b);
  const differs = left.findIndex((byte, index) => byte !== right[index]);
  if (differs < 0) return -1; // a is the beginning of b
  return differs >= right.length ? 1 : (left[differs] ?? 0) - (right[differs] ?? 0);
}
