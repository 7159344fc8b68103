/** Sizes of one subgroup-matrix product: [M, K] times [K, N], f16 in and f32 accumulated. */
export interface MatrixSizes {
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Features beyond plain WGSL that kernels can use. */
export interface DeviceFeatures {
  /** `enable f16`, with 16-bit storage. */
  readonly f16: boolean;
  /** `enable subgroups`; the invocations of a subgroup, which may differ between pipelines of one device. */
  readonly subgroups?: { readonly min: number; readonly max: number };
  /** `enable chromium_experimental_subgroup_matrix` (tensor cores). */
  readonly matrix?: MatrixSizes;
  /** Kernels can be timed on the device. */
  readonly timestamps: boolean;
}

/** Limits under which no kernel computes in half precision, whatever was measured. */
export function withoutHalf<L extends { readonly features: DeviceFeatures }>(limits: L): L {
  return { ...limits, features: { ...limits.features, f16: false } };
}

const MATRIX = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
const WANTED: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query', MATRIX];

/** The features to ask an adapter for. */
export function wantedFeatures({ features }: GPUAdapter): GPUFeatureName[] {
  return WANTED.filter((name) => features.has(name));
}

/**
 * The features that an opened device has, of those that it was asked for.
 *
 * @param info the adapter's own: in Dawn for Node the device's copy lacks the sizes of subgroup matrices
 */
export function deviceFeatures({ features }: GPUDevice, info: GPUAdapterInfo): DeviceFeatures {
  const { subgroupMinSize: min = 0, subgroupMaxSize: max = 0 } = info;
  const matrix = features.has(MATRIX) ? matrixSizes(info) : undefined;
  return {
    f16: features.has('shader-f16'),
    timestamps: features.has('timestamp-query'),
    ...(features.has('subgroups') && min > 0 && { subgroups: { min, max } }),
    ...(matrix && { matrix }),
  };
}

/** Fields that the experimental feature adds to an adapter's description. */
interface MatrixConfig extends MatrixSizes {
  readonly componentType: string;
  readonly resultComponentType: string;
}

function matrixSizes(info: GPUAdapterInfo): MatrixSizes | undefined {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const found = [...subgroupMatrixConfigs].find(
    ({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32',
  );
  return found && { M: found.M, N: found.N, K: found.K };
}
