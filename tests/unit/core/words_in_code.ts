import { parse } from 'svelte/compiler';
import ts from 'typescript';

/** Words for a person that stand in a file of code, not in the catalogue. */
export interface FoundWords {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly words: string;
}

interface Text {
  /** Where it begins in its file. */
  readonly start: number;
  readonly text: string;
  /** Whether the page shows it as it is: one word is enough then. */
  readonly isShown: boolean;
}

/** Stands for a value within a template. */
const VALUE = '\u{FFFC}';

const PAUSE = '[’”"\')\\],;:.!?…]* +[‘“"\'(]*';

/** Two words beside each other, a word beside a value, or anything in Chinese. */
const SENTENCE = new RegExp(
  `[\\p{L}\\d]${PAUSE}\\p{L}{2}|${VALUE}${PAUSE}\\p{L}{2}|\\p{L}{2}${PAUSE}${VALUE}|\\p{Script=Han}`,
  'u',
);

const WORD = /\p{L}{2}|\p{Script=Han}/u;

/** A sign between two texts or behind one, which other languages write otherwise. */
const SEPARATOR = new RegExp(`^${VALUE}?[,;:.] ${VALUE}?$|^${VALUE}[,;:.]$`);

/** JSON and queries of CSS, which are the same in all languages. */
const NOTATION = /^[[{]"|^\((?:width|height|prefers-[a-z-]+)\b/;

/** Attributes that a person reads or hears. */
const READ_ATTRIBUTES: ReadonlySet<unknown> = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-placeholder',
  'aria-roledescription',
  'aria-valuetext',
  'description',
  'heading',
  'help',
  'hint',
  'label',
  'placeholder',
  'summary',
  'text',
  'title',
]);

/** Attributes that hold names of classes, of relations and the like. */
const NAME_ATTRIBUTES: ReadonlySet<unknown> = new Set(['class', 'rel', 'style']);

/** Elements whose text is code. */
const CODE_ELEMENTS: ReadonlySet<unknown> = new Set(['code', 'kbd', 'pre']);

/** Errors of the program itself: for developers. A person is told by a `TunesmithError`. */
const ERRORS_OF_PROGRAM: ReadonlySet<string> = new Set(['DOMException', 'Error', 'RangeError', 'TypeError']);

/**
 * Finds words for a person in code: texts of two words or more, every word that Svelte's markup shows, and lists joined by
 * commas. Left out are errors and details for developers, JSON and queries of CSS, and names: texts that a type is made of, that are compared,
 * or that are imported.
 *
 * @param files sources by path
 */
export function wordsInCode(files: ReadonlyMap<string, string>): readonly FoundWords[] {
  const read = Array.from(files, ([path, source]) => ({
    path,
    source,
    ...(path.endsWith('.svelte') ? readSvelte(source) : readTypeScript(source, 0, false)),
  }));
  const names = new Set(read.flatMap((file) => file.names));
  const isSentence = (text: string): boolean =>
    SENTENCE.test(text) && !names.has(text) && !NOTATION.test(text);
  return read.flatMap(({ path, source, texts }) =>
    texts
      .filter(({ text, isShown }) => (isShown && WORD.test(text)) || SEPARATOR.test(text) || isSentence(text))
      .map(({ start, text }) => ({
        path,
        line: source.slice(0, start).split('\n').length,
        words: text.replaceAll(VALUE, '…').trim(),
      })),
  );
}

/** The texts of a file or of a part of one, and the texts that types are made of. */
interface Read {
  readonly texts: readonly Text[];
  readonly names: readonly string[];
}

/** @param offset of the code in its file @param shown whether the page shows the code's value */
function readTypeScript(source: string, offset: number, shown: boolean): Read {
  const texts: Text[] = [];
  const names: string[] = [];
  const file = ts.createSourceFile('code.ts', source, ts.ScriptTarget.Latest, true);

  function visit(node: ts.Node, isShown: boolean): void {
    if (ts.isLiteralTypeNode(node)) names.push(textOf(node.literal) ?? '');
    if (isForDevelopers(node) || isName(node) || ts.isLiteralTypeNode(node)) return;
    const text = textOf(node);
    if (text !== undefined) texts.push({ start: offset + node.getStart(), text, isShown });
    ts.forEachChild(node, (child) => visit(child, isShown && handsOn(node, child)));
  }
  visit(file, shown);
  return { texts, names };
}

/** The text that a node stands for, each value in it as `VALUE`. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => VALUE + literal.text).join('');
}

/** Whether the value of an expression may be that of its part. */
function handsOn(node: ts.Node, part: ts.Node): boolean {
  if (ts.isConditionalExpression(node)) return part !== node.condition;
  if (ts.isBinaryExpression(node)) return !isComparison(node);
  return ts.isSourceFile(node) || ts.isExpressionStatement(node) || ts.isParenthesizedExpression(node);
}

function isComparison({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind >= ts.SyntaxKind.LessThanToken && kind <= ts.SyntaxKind.ExclamationEqualsEqualsToken;
}

/** Whether a text is a key, a path or is compared. */
function isName(node: ts.Node): boolean {
  if (textOf(node) === undefined) return false;
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) return isComparison(parent);
  if (ts.isPropertyAssignment(parent)) return parent.name === node;
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isCaseClause(parent)
  );
}

/** Errors of the program, the `detail` of an error, and what goes to the console. */
function isForDevelopers(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return ERRORS_OF_PROGRAM.has(node.expression.getText());
  if (ts.isCallExpression(node)) return node.expression.getText().startsWith('console.');
  return (
    (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) && node.name.getText() === 'detail'
  );
}

/** A node of Svelte's tree, or of ESTree in it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** Nodes of Svelte's tree that are no code. */
const MARKUP =
  /^(?:Fragment|Attribute|Text|Component|TitleElement|[A-Z]\w+(?:Block|Tag|Directive|Attribute|Element))$|^Svelte/;

function readSvelte(source: string): Read {
  const parts: Read[] = [];
  const readCode = ({ start, end }: Node, isShown: boolean, [open, close] = ['(', ')']): void => {
    parts.push(readTypeScript(open + source.slice(start, end) + close, start - open.length, isShown));
  };

  function visit(node: unknown, isShown: boolean): void {
    if (Array.isArray(node)) for (const each of node) visit(each, isShown);
    if (!isNode(node) || node.type === 'Comment' || NAME_ATTRIBUTES.has(node.name)) return;
    const { type, name, start, data, declaration } = node;
    if (type === 'Text')
      parts.push({ texts: isShown ? [{ start, text: String(data), isShown }] : [], names: [] });
    else if (type === 'Attribute') visit(node.value, READ_ATTRIBUTES.has(name));
    else if (isNode(declaration)) readCode(declaration, false, ['', '']);
    else if (!MARKUP.test(type)) readCode(node, isShown);
    else {
      for (const [field, child] of Object.entries(node)) {
        // A pattern with the names of values.
        if (field === 'context' || field === 'parameters' || field === 'metadata') continue;
        const isFragment = isNode(child) && child.type === 'Fragment';
        visit(
          child,
          isFragment
            ? !CODE_ELEMENTS.has(name)
            : isShown && /^(?:Fragment|ExpressionTag|HtmlTag)$/.test(type),
        );
      }
    }
  }

  const { fragment, instance, module } = parse(source, { modern: true });
  visit(fragment, true);
  for (const script of [instance, module])
    if (isNode(script?.content)) readCode(script.content, false, ['', '']);
  return { texts: parts.flatMap(({ texts }) => texts), names: parts.flatMap(({ names }) => names) };
}
