import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * These tests read files that other projects published: tokenizers, templates, weights and data sets. The repository
 * carries none of them, so `npm test` does not run these tests. README.md beside this file lists the files.
 */
const folder = process.env['TUNESMITH_PUBLISHED'];
if (folder === undefined || !existsSync(folder)) {
  throw new Error(
    'Set TUNESMITH_PUBLISHED to a folder of published files. tests/published/README.md lists them.',
  );
}

/** The path of a published file. */
export function publishedPath(path: string): string {
  return join(folder!, path);
}

export function publishedBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(publishedPath(path)));
}

export function publishedText(path: string): string {
  return readFileSync(publishedPath(path), 'utf8');
}

export function publishedJson(path: string): unknown {
  return JSON.parse(publishedText(path)) as unknown;
}
