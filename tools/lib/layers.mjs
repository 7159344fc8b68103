import { posix } from 'node:path';
import ts from 'typescript';

/** The floors of src/, from the ground up. A file imports from its own floor or from those below it. */
export const floors = [
  'core',
  'formats',
  'data',
  'gpu',
  'ops',
  'graph',
  'models',
  'train',
  'chat',
  'storage',
  'hub',
  'onnx_runtime',
  'exports',
  'session',
  'worker',
  'cli',
  'offline',
  'ui',
];

/** The only parts of the engine that the page may import. */
const openToThePage = ['src/core/', 'src/worker/protocol.ts'];

/** The floors that may load kernels from shaders/. */
const readersOfShaders = ['gpu', 'ops'];

/**
 * The rooms of bench/ that run anywhere, from the ground up. The programs that start them in Node or in a page are
 * above both.
 */
const benchRooms = ['peers', 'suite'];

/** The floors that know the command line or the page. */
const doors = ['worker', 'cli', 'offline', 'ui'];

/** @param {string} path */
const floorOf = (path) => path.split('/')[1] ?? '';

/** @param {string} path */
const isBench = (path) => path.startsWith('bench/');

/**
 * The imports of a file, as written: static and dynamic imports, re-exports and `import.meta.glob`.
 * @param {string} path
 * @param {string} text
 */
function importsOf(path, text) {
  const code = path.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script).join('\n')
    : text;
  const globs = [...code.matchAll(/import\.meta\.glob(?:<[^(]*>)?\(\s*\[?\s*['"`]([^'"`]+)/g)].map(
    ([, glob]) => glob ?? '',
  );
  return [...ts.preProcessFile(code).importedFiles.map(({ fileName }) => fileName), ...globs];
}

/**
 * Checks the floors of src/ and the rooms of bench/, and looks for cycles of imports.
 * @param {Map<string, string>} files path from the repository's root, with forward slashes → text
 * @returns {string[]} one line a violation, none if all is well
 */
export function checkLayers(files) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, string[]>} */
  const graph = new Map();

  for (const [path, text] of files) {
    if (!isBench(path) && !floors.includes(floorOf(path)))
      problems.push(`${path}: src/${floorOf(path)} is none of the floors ${floors.join(', ')}`);
    /** @type {string[]} */
    const edges = [];
    graph.set(path, edges);
    for (const written of importsOf(path, text)) {
      if (!written.startsWith('.')) continue;
      const wanted = posix.join(posix.dirname(path), written.split('?')[0] ?? '');
      if (isBench(path) && wanted.startsWith('bench/shaders/')) continue;
      if (isBench(path) && wanted === 'package.json') continue;
      if (wanted.startsWith('shaders/')) {
        if (!readersOfShaders.includes(floorOf(path))) {
          problems.push(`${path} loads ${wanted}: only ${readersOfShaders.join(' and ')} may load shaders`);
        }
        continue;
      }
      if (!wanted.startsWith('src/') && !(isBench(path) && isBench(wanted))) {
        problems.push(`${path} imports ${wanted}, which is outside src${isBench(path) ? ' and bench' : ''}`);
        continue;
      }
      const target = ['', '.ts', '.svelte', '.svelte.ts', '/index.ts']
        .map((end) => wanted + end)
        .find((p) => files.has(p));
      // An import of a file's address does not run the file.
      if (target !== undefined && !/[?&]url(&|$)/.test(written)) edges.push(target);
      // Styles and other assets belong to no floor.
      const problem = forbidden(path, target ?? wanted);
      if (problem !== undefined) problems.push(problem);
    }
  }
  return [...problems, ...cycles(graph)];
}

/**
 * @param {string} path
 * @param {string} target
 */
function forbidden(path, target) {
  if (isBench(path)) return forbiddenToBench(path, target);
  const from = floorOf(path);
  const to = floorOf(target);
  if (from === to) return undefined;
  if (floors.indexOf(to) > floors.indexOf(from)) return `${path} imports ${target}: ${to} is above ${from}`;
  if (from === 'ui' && !openToThePage.some((open) => target.startsWith(open))) {
    return `${path} imports ${target}: the page may import only ${openToThePage.join(' and ')}`;
  }
  return undefined;
}

/**
 * The suite and the peers must import neither Node, nor the page, nor the programs that start them.
 * @param {string} path of bench/
 * @param {string} target
 */
function forbiddenToBench(path, target) {
  const room = benchRooms.indexOf(floorOf(path));
  if (room < 0) return undefined;
  const to = floorOf(target);
  if (!isBench(target)) {
    return doors.includes(to)
      ? `${path} imports ${target}: the bench's ${floorOf(path)} run anywhere`
      : undefined;
  }
  const above = !benchRooms.includes(to) || benchRooms.indexOf(to) > room;
  return above ? `${path} imports ${target}: it is above ${floorOf(path)}` : undefined;
}

/**
 * Finds each cycle once, by depth-first search.
 * @param {Map<string, string[]>} graph
 */
function cycles(graph) {
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  /** @type {string[]} */
  const trail = [];
  /** @param {string} path */
  const visit = (path) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push(`a cycle of imports: ${[...trail.slice(start), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}
