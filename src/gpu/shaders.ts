import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { runSource } from './run';

const files: Readonly<Record<string, string>> = {
  ...import.meta.glob<string>('../../shaders/**/*.wgsl', { query: '?raw', import: 'default', eager: true }),
  '../../shaders/lib/run.wgsl': runSource(),
};

/** Compile-time constants of a shader: tested by `#if NAME`, and usable as `const NAME` in the code. */
export type ShaderConstants = Readonly<Record<string, number | boolean>>;

/**
 * The WGSL of `shaders/<name>.wgsl` with its preprocessor lines carried out:
 *
 *     #include lib/random     the text of shaders/lib/random.wgsl, once however often it is named; lib/run is run.ts's
 *     #if NAME                kept where the constant NAME is given and neither false nor 0
 *     #if !NAME
 *     #else
 *     #endif
 *     #for i in NAME          the lines up to #end once for each number below the constant NAME (or below a number), with
 *     #end                    it in place of $i: for accumulators as named variables, which stay in registers
 *
 * WGSL's own directives (`enable f16;`) may stand anywhere, in included files too: they are moved to the beginning.
 *
 * Each given constant becomes `const NAME: u32` (integers), `f32` (other numbers) or `bool`. Sizes known only when a
 * pipeline is made are better as `override`; constants serve where WGSL wants a constant: array lengths, or bindings
 * and code that exist in some variants only.
 *
 * Throws `shader_missing` or `shader_syntax`, both of which are mistakes in this repository.
 */
export function shaderSource(name: string, constants: ShaderConstants = {}): string {
  const declarations = Object.entries(constants).map(([key, value]) => declaration(key, value));
  const included = new Set<string>();
  const lines = expand(name, constants, included).split('\n');
  const directives = new Set(lines.filter((line) => DIRECTIVE.test(line)));
  const code = lines.filter((line) => !DIRECTIVE.test(line));
  return [...directives, ...declarations, ...code].join('\n');
}

/** The text of all shaders. Measurements made with other shaders do not apply. */
export function allShaders(): string {
  return JSON.stringify(files);
}

/** A directive of WGSL on a line of its own; all of them precede all declarations. */
const DIRECTIVE = /^(enable|requires|diagnostic)\b.*;/;

function declaration(name: string, value: number | boolean): string {
  if (typeof value === 'boolean') return `const ${name}: bool = ${String(value)};`;
  if (Number.isInteger(value) && value >= 0) return `const ${name}: u32 = ${value}u;`;
  return `const ${name}: f32 = ${value};`;
}

function expand(name: string, constants: ShaderConstants, included: Set<string>): string {
  const text = files[`../../shaders/${name}.wgsl`];
  if (text === undefined) throw new TunesmithError({ code: 'shader_missing', values: { name } });
  return expandLines(text.split('\n'), name, constants, included).join('\n');
}

function expandLines(
  lines: readonly string[],
  name: string,
  constants: ShaderConstants,
  included: Set<string>,
): string[] {
  const output: string[] = [];
  const open: boolean[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const [directive, argument = '', , bound = ''] = line.trim().split(/\s+/, 4);
    if (directive === '#if') open.push(holds(argument, constants));
    else if (directive === '#else') open.push(!pop(open, name));
    else if (directive === '#endif') pop(open, name);
    else if (directive === '#for') {
      const end = endOf(lines, index, name);
      const body = lines.slice(index + 1, end);
      const count = open.includes(false) ? 0 : Number(constants[bound] ?? bound);
      if (Number.isNaN(count)) throw broken(name, message('shader_no_number', { bound }));
      for (let i = 0; i < count; i++) {
        const numbered = body.map((each) => each.replaceAll(`$${argument}`, String(i)));
        output.push(...expandLines(numbered, name, constants, included));
      }
      index = end;
    } else if (open.includes(false)) continue;
    else if (directive === '#include') {
      if (included.has(argument)) continue;
      included.add(argument);
      output.push(expand(argument, constants, included));
    } else output.push(line);
  }
  if (open.length > 0) throw broken(name, message('shader_if_open'));
  return output;
}

/** The line of the #end that belongs to the #for at `start`. */
function endOf(lines: readonly string[], start: number, name: string): number {
  let depth = 0;
  for (let index = start; index < lines.length; index++) {
    const directive = lines[index]!.trim().split(/\s+/, 1)[0];
    if (directive === '#for') depth++;
    else if (directive === '#end' && --depth === 0) return index;
  }
  throw broken(name, message('shader_for_open'));
}

function pop(open: boolean[], name: string): boolean {
  const top = open.pop();
  if (top === undefined) throw broken(name, message('shader_endif_alone'));
  return top;
}

function holds(condition: string, constants: ShaderConstants): boolean {
  const negated = condition.startsWith('!');
  const value = constants[negated ? condition.slice(1) : condition];
  const given = value !== undefined && value !== false && value !== 0;
  return given !== negated;
}

function broken(name: string, fault: Message): TunesmithError {
  return new TunesmithError({ code: 'shader_syntax', values: { name, fault } });
}
