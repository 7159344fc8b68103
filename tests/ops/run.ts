import { Device } from '../../src/gpu/device';
import { cases } from './cases';
import { checkCase, coverage } from './harness';

export interface CaseName {
  readonly op: string;
  readonly name: string;
}

const COVERAGE: CaseName = { op: 'all', name: 'every op and every kernel has a case' };

// op.ts declares what an op is; the others define some, or help those that do.
const opSources = import.meta.glob<string>(['../../src/ops/*.ts', '!../../src/ops/op.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
});
const kernels = import.meta.glob(['../../shaders/**/*.wgsl', '!../../shaders/lib/**'], { query: '?raw' });

let device: Promise<Device> | undefined;

export function listCases(): CaseName[] {
  return [COVERAGE, ...cases.map(({ op, name }) => ({ op, name }))];
}

export interface RunOptions {
  /** WebGPU where there is no browser. */
  readonly webgpu?: GPU;
  /** As on the plainest device: no features, and of several algorithms the ops' defaults alone. */
  readonly plain?: boolean;
}

/**
 * Runs one case on a device with WebGPU's default limits, opened at the first call. Returns what is wrong: nothing where
 * the case passes.
 */
export async function runCase(
  op: string,
  name: string,
  { webgpu, plain = false }: RunOptions = {},
): Promise<string[]> {
  if (op === COVERAGE.op) return uncovered();
  const opCase = cases.find((candidate) => candidate.op === op && candidate.name === name);
  if (!opCase) return [`there is no case ${op}: ${name}`];
  const features = plain ? 'none' : 'all';
  device ??= Device.open(webgpu ?? navigator.gpu, { defaultLimits: true, features });
  return await checkCase(await device, opCase, plain);
}

/** Ops and kernels that no case comes by. */
function uncovered(): string[] {
  const reached = cases.map(coverage);
  const ops = new Set(reached.flatMap((one) => one.ops));
  const used = new Set(reached.flatMap((one) => one.kernels));
  const missing: string[] = [];
  for (const [path, source] of Object.entries(opSources)) {
    const definitions = source.match(/^ {2}lower\(/gm) ?? [];
    const names = [...source.matchAll(/^ {2}name: '(\w+)',$/gm)].map(([, name]) => name ?? '');
    if (names.length !== definitions.length) {
      missing.push(
        `${path} defines ${definitions.length} ops, of which ${names.length} have a name on a line by itself`,
      );
    }
    for (const name of names) if (!ops.has(name)) missing.push(`no case comes by the op ${name}`);
  }
  for (const path of Object.keys(kernels)) {
    const kernel = path.replace('../../shaders/', '').replace('.wgsl', '');
    if (!used.has(kernel)) missing.push(`no case comes by the kernel ${kernel}`);
  }
  const names = new Set<string>();
  for (const { op, name } of cases) {
    if (names.has(`${op}: ${name}`)) missing.push(`two cases are called ${op}: ${name}`);
    names.add(`${op}: ${name}`);
  }
  return missing;
}
