import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUES, LANGUAGE_TAGS } from '../../../src/core/messages/languages';

const root = join(import.meta.dirname, '../../..');
const { en, zh } = CATALOGUES;

function manifest(name: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(root, 'public', name), 'utf8')) as Readonly<Record<string, unknown>>;
}

describe('files that are read before the page can choose a language', () => {
  const english = manifest('manifest.webmanifest');
  const html = readFileSync(join(root, 'index.html'), 'utf8');

  it('describe the page with the sentence of its start', () => {
    expect(english.description).toBe(en.shell.sentence);
    expect(html).toContain(`content="${en.shell.sentence}"`);
  });

  it('are one manifest in two languages', () => {
    expect(manifest('manifest.zh.webmanifest')).toEqual({
      ...english,
      lang: LANGUAGE_TAGS.zh,
      description: zh.shell.sentence,
    });
  });

  it('ask for JavaScript in both languages', () => {
    const asked = /<noscript>(.*)<\/noscript>/s.exec(html)?.[1] ?? '';
    expect(asked).toContain('needs JavaScript');
    expect(asked).toContain(`<p lang="${LANGUAGE_TAGS.zh}">Tunesmith 在浏览器中运行`);
  });
});
