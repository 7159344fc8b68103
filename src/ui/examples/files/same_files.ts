import type { ExampleFile } from '../../../worker/protocol';

/** Compares files by name and content. */
export async function sameFiles(a: readonly ExampleFile[], b: readonly ExampleFile[]): Promise<boolean> {
  if (a.length !== b.length || a.some(({ name }, i) => name !== b[i]?.name)) return false;
  for (const [i, { content }] of a.entries()) {
    const other = b[i]?.content;
    if (!other || !(await sameBytes(content, other))) return false;
  }
  return true;
}

/** Compares two files byte by byte. */
export async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const part = 4 * 2 ** 20;
  for (let at = 0; at < a.size; at += part) {
    const [left, right] = await Promise.all([a, b].map((blob) => blob.slice(at, at + part).arrayBuffer()));
    if (!left || !right) return false;
    const bytes = new Uint8Array(right);
    if (new Uint8Array(left).some((byte, index) => byte !== bytes[index])) return false;
  }
  return true;
}
