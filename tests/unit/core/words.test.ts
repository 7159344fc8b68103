import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Stands for a value within a sentence. */
const VALUE = '\0';

/** Every text of a language's catalogue, with its place. */
function textsOf(language: 'en' | 'zh'): { readonly place: string; readonly text: string }[] {
  const folder = join(import.meta.dirname, '../../../src/core/messages', language);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => {
      const source = readFileSync(join(folder, path), 'utf8');
      const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
      const texts: { place: string; text: string }[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
        const text = textOf(node);
        if (text !== undefined) {
          const { line } = file.getLineAndCharacterOfPosition(node.getStart());
          texts.push({ place: `${path}:${line + 1}`, text });
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
      return texts;
    });
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(VALUE);
}

const TEXTS = { en: textsOf('en'), zh: textsOf('zh') };

/** The texts in which a pattern is found once the allowed parts are cut out. Samples of JSON are left aside. */
function found(language: 'en' | 'zh', pattern: RegExp, allowed: readonly string[] = []): string[] {
  return TEXTS[language]
    .filter(({ text }) => !text.startsWith('{"'))
    .filter(({ text }) => pattern.test(allowed.reduce((rest, each) => rest.replaceAll(each, ''), text)))
    .map(({ place, text }) => `${place}: ${text.replaceAll(VALUE, '…')}`);
}

describe('the English words', () => {
  it.each([
    [
      'one word for one thing: continue, start, download, learnt',
      /\b(go(es|ing)? on|anew|afresh|fetch\w*|learned)\b/i,
    ],
    [
      'no riddles: so many, is to be, no sense',
      /\bso many\b|\b(is|are) to be\b|\bno sense\b|\bsuch number\b/i,
    ],
    ['“is not a number”, not “is no number”', /(?<!\bthere )\b(is|are) no (?!longer\b)/i],
    ['headings that are nouns, not “What …”', /^(What|Which)\b[^.?:]*$/],
    ['the Hub, with a capital letter', /\b(the|a) hubs?\b/],
    ['one apostrophe: ’', /'/],
  ])('have %s', (_, pattern) => {
    expect(found('en', pattern)).toEqual([]);
  });

  it('have straight quotes only where a person types them', () => {
    const typed = [
      '"tie_word_embeddings"',
      'orient="records"',
      '(")',
      '("")',
      '{"extra.json":{"split":"eval"}}',
    ];
    expect(found('en', /"/, typed)).toEqual([]);
  });
});

describe('the Chinese words', () => {
  it.each([
    ['no 您', /您/],
    [
      'a space between Chinese and Latin letters or digits',
      /\p{Script=Han}[A-Za-z0-9]|[A-Za-z0-9]\p{Script=Han}/u,
    ],
    ['full-width punctuation', /\p{Script=Han}[,.;:!?()"']|[,.;:!?()"']\p{Script=Han}/u],
    ['no space beside full-width punctuation', /[，。；：！？（）、“”] | [，。；：！？（）、”]/],
  ])('have %s', (_, pattern) => {
    expect(found('zh', pattern)).toEqual([]);
  });
});
