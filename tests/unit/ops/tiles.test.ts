import { describe, expect, test } from 'vitest';
import { withoutHalf, type DeviceFeatures } from '../../../src/gpu/features';
import { Trace } from '../../../src/graph/trace';
import { f32, type Dispatch, type Limits } from '../../../src/ops/op';
import { matmul, matmulTransposed } from '../../../src/ops/products/products';
import { nf4Packing, type Weight } from '../../../src/ops/weight';

const ROWS = 300;
const [IN, OUT] = [896, 4864];

const TENSOR_CORES: DeviceFeatures = {
  f16: true,
  subgroups: { min: 32, max: 32 },
  matrix: { M: 16, N: 16, K: 16 },
  timestamps: true,
};

/** The dispatches of an NF4 product and of its transposed one, with the names that could be chosen. */
function products(limits: Partial<Limits>, wanted?: string): { names: string[]; dispatches: Dispatch[] } {
  const trace = new Trace();
  const names = new Set<string>();
  const lowering = {
    capacity: ROWS,
    temporary: trace.planned.bind(trace),
    limits: {
      maxStorageBufferBindingSize: 2 ** 27,
      maxBufferSize: 2 ** 28,
      maxComputeWorkgroupsPerDimension: 65535,
      choose({ candidates }: { readonly candidates: readonly string[] }) {
        for (const name of candidates) names.add(name);
        return wanted ?? candidates[0]!;
      },
      ...limits,
    },
  };
  const weight: Weight = {
    kind: 'packed',
    name: 'weight',
    out: OUT,
    in: IN,
    packing: nf4Packing(false),
    tensors: {
      codes: trace.bound('codes', 'u32', [(OUT * IN) / 8]),
      scales: trace.bound('scales', 'u32', [(OUT * IN) / 64]),
    },
  };
  const x = trace.planned('x', f32('rows', IN));
  const y = trace.planned('y', f32('rows', OUT));
  const dispatches = [
    ...matmul(lowering, { x, y, weight }),
    ...matmulTransposed(lowering, { dy: y, dx: x, weight }),
  ];
  return { names: [...names], dispatches };
}

const kernels = (dispatches: readonly Dispatch[]): string[] => dispatches.map(({ kernel }) => kernel);

describe('products by tiles', () => {
  test('are what a GPU takes before anything was measured, in f32 and without unpacking a weight first', () => {
    const { dispatches } = products({ features: TENSOR_CORES });
    expect(kernels(dispatches)).toEqual(['matmul_tiles', 'matmul_tiles_transposed']);
    for (const { constants } of dispatches) expect(constants).not.toHaveProperty('HALF');
  });

  test.each(['tiles f16 64x64', 'subgroup_matrix 64x64'])(
    'are not in half precision for a comparison, even if %s was the fastest',
    (chosen) => {
      const halves = ({ dispatches }: ReturnType<typeof products>) =>
        dispatches.filter(({ constants }) => constants?.['HALF'] === true).length;
      expect(halves(products({ features: TENSOR_CORES }, chosen))).toBe(2);
      const compared = products(withoutHalf({ features: TENSOR_CORES }), chosen);
      expect(compared.names.filter((name) => /f16|matrix/.test(name))).toEqual([]);
      expect(halves(compared)).toBe(0);
    },
  );

  test('are not what an adapter on the CPU takes', () => {
    const { dispatches, names } = products({ software: true });
    expect(kernels(dispatches)).not.toContain('matmul_tiles');
    expect(names.filter((name) => name.startsWith('tiles'))).toEqual(['tiles 64x64']);
  });

  test('cover the result, whatever is left over', () => {
    const [forward, transposed] = products({}, 'tiles 128x64').dispatches;
    expect(forward?.workgroups(ROWS)).toEqual([76, 3, 1]);
    expect(transposed?.workgroups(ROWS)).toEqual([14, 3, 1]);
    expect(forward?.workgroups(0)[1]).toBe(0);
  });

  test('in half precision come after a dispatch that scales the rows', () => {
    const { dispatches } = products({ features: TENSOR_CORES }, 'tiles f16 64x64');
    expect(kernels(dispatches)).toEqual([
      'half_rows',
      'matmul_tiles',
      'half_rows',
      'matmul_tiles_transposed',
    ]);
  });

  test('in half precision and by subgroup matrices need the features', () => {
    const plain = products({ features: { f16: false, timestamps: false } }).names.join();
    expect(plain).not.toMatch(/f16|subgroup_matrix/);
    const half = products({ features: { f16: true, timestamps: false } }).names;
    expect(half).toContain('tiles f16 64x64');
    expect(half.join()).not.toContain('subgroup_matrix');
  });

  test.each([
    { M: 16, N: 16, K: 16 },
    { M: 16, N: 8, K: 16 },
    { M: 8, N: 8, K: 8 },
  ])('by subgroup matrices of $M × $N × $K stay within the default limits', (matrix) => {
    const limits = { features: { ...TENSOR_CORES, matrix } };
    const names = products(limits).names.filter((name) => name.startsWith('subgroup_matrix'));
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      for (const { kernel, constants = {} } of products(limits, name).dispatches) {
        if (kernel === 'half_rows') continue;
        const constant = (key: string): number => Number(constants[key]);
        const [rows, columns, slice] = [constant('TILE_ROWS'), constant('TILE_COLUMNS'), constant('SLICE')];
        const regions = (rows * columns) / (constant('REGION_ROWS') * constant('REGION_COLUMNS'));
        expect(regions * constant('SUBGROUP')).toBeLessThanOrEqual(256);
        expect(regions % constant('SHOWN')).toBe(0);
        const right = kernel.endsWith('transposed') ? slice * (columns + 8) : columns * (slice + 8);
        const bytes = 2 * (rows * (slice + 8) + right) + 4 * matrix.M * matrix.N * constant('SHOWN') + 64;
        expect(bytes).toBeLessThanOrEqual(16384);
      }
    }
  });

  test('by subgroup matrices are not offered where no tile is made up of the device’s matrices', () => {
    const odd = { ...TENSOR_CORES, matrix: { M: 16, N: 16, K: 64 } };
    expect(products({ features: odd }).names.join()).not.toContain('subgroup_matrix');
    const wide = { ...TENSOR_CORES, subgroups: { min: 128, max: 128 } };
    expect(products({ features: wide }).names.join()).not.toContain('subgroup_matrix');
  });
});
