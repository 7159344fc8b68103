import { Device } from '../../src/gpu/device';
import { opNames } from '../../src/ops/op';
import { cases } from './cases';
import { checkCase, coverage } from './harness';

export interface CaseName {
  readonly op: string;
  readonly name: string;
}

const COVERAGE: CaseName = { op: 'all', name: 'every op and every kernel has a case' };

// Loading an op's file registers its ops.
import.meta.glob('../../src/ops/**/*.ts', { eager: true });
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

/** Ops and kernels that no case reaches, and names that stand for two things. */
function uncovered(): string[] {
  const reached = cases.map(coverage);
  const ops = new Set(reached.flatMap((one) => one.ops));
  const used = new Set(reached.flatMap((one) => one.kernels));
  const missing: string[] = [];
  const known = opNames();
  for (const name of new Set(known)) {
    if (!ops.has(name)) missing.push(`no case reaches the op ${name}`);
    if (known.indexOf(name) !== known.lastIndexOf(name)) missing.push(`two ops are called ${name}`);
  }
  for (const path of Object.keys(kernels)) {
    const kernel = path.replace('../../shaders/', '').replace('.wgsl', '');
    if (!used.has(kernel)) missing.push(`no case reaches the kernel ${kernel}`);
  }
  const titles = new Set<string>();
  for (const { op, name } of cases) {
    if (titles.has(`${op}: ${name}`)) missing.push(`two cases are called ${op}: ${name}`);
    titles.add(`${op}: ${name}`);
  }
  return missing;
}
