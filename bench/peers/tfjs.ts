// TensorFlow.js on its WebGPU backend. It keeps f32 and has no compiler: each op is a dispatch. What its API lets one
// write in fewer of them is written so: the gradients of norm, rotary and gate by hand, and the queries that share a key
// as rows of one product, so that no key or value is repeated.
import {
  add,
  backend,
  concat,
  customGrad,
  matMul,
  mean,
  mul,
  neg,
  registerBackend,
  removeBackend,
  reshape,
  rsqrt,
  setBackend,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  tensor,
  tidy,
  transpose,
  valueAndGrads,
  version_core,
  type Tensor,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { randomArray, resultNames, type BlockArrays, type RunningBlock } from './block';
import { measurement, type Measurement } from './peer';
import { LINEARS, linearShapes, matmulName, type LinearName, type MatmulShape } from './shapes';

export const version = version_core;

/** Starts TensorFlow.js on a device of its own with all that the adapter allows. */
export async function open(): Promise<void> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter');
  const { limits, features, info } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: features.has('timestamp-query') ? ['timestamp-query'] : [],
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
  // The one that the package registers by itself asks for a feature in a way that not every WebGPU takes.
  removeBackend('webgpu');
  registerBackend('webgpu', () => new WebGPUBackend(device, info));
  await setBackend('webgpu');
}

export function close(): void {
  removeBackend('webgpu');
}

/** Hands over what waits to be submitted and resolves when the GPU has done it. */
export async function finish(): Promise<void> {
  const webgpu = backend() as WebGPUBackend;
  webgpu.ensureCommandEncoderReady();
  webgpu.endComputePassEncoder();
  webgpu.submitQueue();
  await webgpu.queue.onSubmittedWorkDone();
}

export function matmul(shape: MatmulShape): Measurement {
  const { rows, inputs, outputs } = shape;
  const x = tensor(randomArray('x', rows * inputs, 1), [rows, inputs]);
  const weight = tensor(randomArray('weight', inputs * outputs, 1), [inputs, outputs]);
  return measurement(matmulName(shape), () => void matMul(x, weight).dispose(), finish);
}

/** x · r · weight with r = 1 / √(mean x² + eps); its gradient is r · (g · weight − x · r² · mean(g · weight · x)). */
function norm(x: Tensor, weight: Tensor, eps: number): Tensor {
  return customGrad((...inputs) => {
    const x = inputs[0] as Tensor;
    const save = inputs[1] as unknown as (tensors: Tensor[]) => void;
    const r = rsqrt(add(mean(square(x), -1, true), eps));
    save([x, r]);
    return {
      value: mul(mul(x, r), weight),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, r] = saved as [Tensor, Tensor];
        const scaled = mul(dy, weight);
        const along = mul(mean(mul(scaled, x), -1, true), square(r));
        return mul(sub(scaled, mul(x, along)), r);
      },
    };
  })(x);
}

/** Turns the pairs of [heads, tokens, headDim]; the gradient turns back. */
function rotary(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const turn = (x: Tensor, sin: Tensor) => {
    const [heads = 0, tokens = 0, headDim = 0] = x.shape;
    const size = [heads, tokens, headDim / 2];
    const first = slice(x, [0, 0, 0], size);
    const second = slice(x, [0, 0, headDim / 2], size);
    return concat([sub(mul(first, cos), mul(second, sin)), add(mul(second, cos), mul(first, sin))], 2);
  };
  return customGrad((...inputs) => ({
    value: turn(inputs[0] as Tensor, sin),
    gradFunc: (dy: Tensor) => turn(dy, neg(sin)),
  }))(x);
}

/** gate · σ(gate) · up */
function gated(gate: Tensor, up: Tensor): Tensor {
  return customGrad((...inputs) => {
    const [gate, up] = inputs as [Tensor, Tensor];
    const save = inputs[2] as unknown as (tensors: Tensor[]) => void;
    const s = sigmoid(gate);
    const activated = mul(gate, s);
    save([up, s, activated]);
    return {
      value: mul(activated, up),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [up, s, activated] = saved as [Tensor, Tensor, Tensor];
        // The derivative of the activation: s + activated · (1 − s).
        const slope = add(s, sub(activated, mul(activated, s)));
        return [mul(mul(dy, up), slope), mul(dy, activated)];
      },
    };
  })(gate, up);
}

export function block(arrays: BlockArrays): RunningBlock {
  const { shape } = arrays;
  const { tokens, hidden, heads, kvHeads, headDim, rank, alpha, normEps } = shape;
  const shapes = linearShapes(shape);
  // As [inputs, outputs], which it multiplies by vectors of four.
  const weights = Object.fromEntries(
    LINEARS.map((name) => [
      name,
      tidy(() => transpose(tensor(arrays.linears[name].weight, shapes[name].slice()))),
    ]),
  ) as Record<LinearName, Tensor>;
  const trainable: Tensor[] = [
    tensor(arrays.x, [tokens, hidden]),
    ...LINEARS.flatMap((name) => {
      const [outputs, inputs] = shapes[name];
      return [
        tensor(arrays.linears[name].A, [rank, inputs]),
        tensor(arrays.linears[name].B, [outputs, rank]),
      ];
    }),
  ];
  const upstream = tensor(arrays.upstream, [tokens, hidden]);
  const inputNorm = tensor(arrays.inputNorm);
  const postAttentionNorm = tensor(arrays.postAttentionNorm);
  const cos = tensor(arrays.cos, [tokens, headDim / 2]);
  const sin = tensor(arrays.sin, [tokens, headDim / 2]);
  const mask = tensor(
    Float32Array.from({ length: tokens * tokens }, (_, index) =>
      index % tokens > Math.floor(index / tokens) ? -1e9 : 0,
    ),
    [tokens, tokens],
  );
  const group = heads / kvHeads;

  const forward = (x: Tensor, ...lora: Tensor[]) => {
    const linear = (name: LinearName, input: Tensor) => {
      const at = 2 * LINEARS.indexOf(name);
      const low = mul(matMul(input, lora[at]!, false, true), alpha / rank);
      return add(matMul(input, weights[name]), matMul(low, lora[at + 1]!, false, true));
    };
    const byHead = (y: Tensor, count: number) => transpose(reshape(y, [tokens, count, headDim]), [1, 0, 2]);
    const input = norm(x, inputNorm, normEps);
    const q = rotary(byHead(linear('q_proj', input), heads), cos, sin);
    const k = rotary(byHead(linear('k_proj', input), kvHeads), cos, sin);
    const v = byHead(linear('v_proj', input), kvHeads);
    const grouped = reshape(mul(q, 1 / Math.sqrt(headDim)), [kvHeads, group * tokens, headDim]);
    const scores = reshape(matMul(grouped, k, false, true), [heads, tokens, tokens]);
    const shares = reshape(softmax(add(scores, mask)), [kvHeads, group * tokens, tokens]);
    const mixed = reshape(matMul(shares, v), [heads, tokens, headDim]);
    const merged = reshape(transpose(mixed, [1, 0, 2]), [tokens, heads * headDim]);
    const attended = add(x, linear('o_proj', merged));
    const second = norm(attended, postAttentionNorm, normEps);
    const activated = gated(linear('gate_proj', second), linear('up_proj', second));
    return add(attended, linear('down_proj', activated));
  };
  const step = () =>
    tidy(() => {
      const { value, grads } = valueAndGrads(forward)(trainable, upstream);
      return [value, ...grads];
    });
  const held = [
    upstream,
    inputNorm,
    postAttentionNorm,
    cos,
    sin,
    mask,
    ...trainable,
    ...Object.values(weights),
  ];
  return {
    start() {
      for (const result of step()) result.dispose();
    },
    async results() {
      const names = resultNames();
      const entries: [string, Float32Array<ArrayBuffer>][] = [];
      for (const [index, result] of step().entries()) {
        entries.push([names[index]!, Float32Array.from(await result.data())]);
        result.dispose();
      }
      return new Map(entries);
    },
    dispose() {
      for (const tensor of held) tensor.dispose();
    },
  };
}
