import { activationConstants, type Activation } from '../gated_activation';
import { read, rowElements, write, type Binding, type Dispatch, type Lowering, type Tensor } from '../op';
import { readPacked } from '../packings/packed';
import type { ForwardRequest } from './algorithm';
import { storedParts, weightConstants } from './dense_parts';

/** Storage buffers that a kernel may bind on every device. */
const FEWEST_BUFFERS = 8;
/** Vectors of columns of a workgroup. */
const COLUMNS = 2;

/** Products of one row with several weights, and the one result of two where one gates the other. */
export interface Siblings {
  readonly requests: readonly ForwardRequest[];
  readonly gated?: { readonly activation: Activation; readonly y: Tensor };
}

/**
 * The products in one dispatch, for decoding on a GPU: see shaders/matmul_row_siblings.wgsl. Undefined if they are not of
 * one kind, or more than a kernel may bind.
 */
export function rowSiblings({ limits, capacity }: Lowering, siblings: Siblings): Dispatch | undefined {
  const { requests, gated } = siblings;
  const [first] = requests;
  if (!first || capacity !== 1 || requests.length < 2 || !requests.every(fits)) return undefined;
  if (new Set(requests.map(kindOf)).size > 1) return undefined;
  const { x, weight: firstWeight } = first;
  const bindings: Binding[] = [read(x)];
  const constants: Record<string, number | boolean> = {
    MATRICES: requests.length,
    ...(first.lora && { LORA: true }),
    ...(first.bias && { BIAS: true }),
    ...(gated && { GATED: true, ...activationConstants(gated.activation) }),
    ...(firstWeight.kind === 'packed' && { NF4_SHARED: true }),
  };
  const overrides: Record<string, number> = { in4: firstWeight.in / 4 };
  let groups = 0;
  for (const [m, { weight, y, lora, bias }] of requests.entries()) {
    const binding = bindings.push(...storedParts(weight).map(({ tensor }) => read(tensor)));
    constants[`WEIGHT_${m}_BINDING`] = binding;
    const reader =
      weight.kind === 'dense'
        ? { constants: weightConstants(weight.format, binding), overrides: {} }
        : readPacked(weight, binding, bindings);
    for (const [name, value] of Object.entries(reader.constants)) {
      if (!name.endsWith('_BINDING')) constants[name] = value;
      else if (name === 'SCALES_BINDING') constants[`SCALES_${m}_BINDING`] = value;
    }
    for (const [name, value] of Object.entries(reader.overrides)) overrides[`${name}_${m}`] = value;
    overrides[`out_${m}`] = weight.out;
    if (lora) {
      constants[`Z_${m}_BINDING`] = bindings.push(read(lora.z));
      constants[`LORA_B_${m}_BINDING`] = bindings.push(read(lora.B));
      overrides[`rank4_${m}`] = rowElements(lora.B.shape) / 4;
      overrides[`lora_scale_${m}`] = lora.scale;
    }
    if (bias) constants[`BIAS_${m}_BINDING`] = bindings.push(read(bias));
    const ofWeight = Math.ceil(weight.out / 4 / COLUMNS);
    if (gated) groups = ofWeight;
    else {
      constants[`Y_${m}_BINDING`] = bindings.push(write(y));
      overrides[`first_${m}`] = groups;
      groups += ofWeight;
    }
  }
  if (gated) constants['Y_BINDING'] = bindings.push(write(gated.y));
  const most = limits.maxStorageBuffersPerShaderStage ?? FEWEST_BUFFERS;
  if (bindings.length > most || groups > limits.maxComputeWorkgroupsPerDimension) return undefined;
  const operations = requests.reduce((sum, { weight }) => sum + 2 * weight.out * weight.in, 0);
  return {
    kernel: 'matmul_row_siblings',
    constants,
    overrides,
    bindings,
    workgroups: (rows) => [groups, Math.min(rows, 1), 1],
    flops: () => operations,
  };
}

function fits({ weight, lora, residual, dropout, window }: ForwardRequest): boolean {
  const readable = weight.kind === 'dense' ? weight.parts.length === 1 : weight.packing.format === 'nf4';
  return readable && weight.in % 8 === 0 && !residual && !dropout && !window && !lora?.dropout;
}

/** Identifies the properties that all products of a dispatch must share. */
function kindOf({ weight, lora, bias }: ForwardRequest): string {
  const stored = weight.kind === 'dense' ? weight.format : weight.packing;
  return JSON.stringify([stored, weight.in, lora !== undefined, bias !== undefined]);
}
