import type { ExportFile } from './format';

/** A small file of an export from its text. */
export function textFile(name: string, text: string): ExportFile {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, parts: () => [bytes] };
}
