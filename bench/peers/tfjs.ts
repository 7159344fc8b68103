// TensorFlow.js on its WebGPU backend. It computes in f32 and has no compiler: each op is a dispatch. To save
// dispatches, the gradients of norm, rotary and gate are written by hand, and the queries that share a key are rows of
// one product, so that no key or value is repeated. Its products with a transposed matrix take half as long again, so
// the frozen weights are stored in both orders.
import {
  add,
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
  type Tensor,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { randomArray, resultNames, type BlockArrays, type RunningBlock } from './block';
import { type Framework } from './framework';
import { measurement } from './peer';
import { LINEARS, linearShapes, matmulName, type LinearName } from './shapes';

/** Starts TensorFlow.js on a separate device with all features and limits of the adapter. */
export async function openTensorFlow(): Promise<Framework> {
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
  const webgpu = new WebGPUBackend(device, info);
  // The backend that the package registers itself requests a feature in a way that not every WebGPU accepts.
  removeBackend('webgpu');
  registerBackend('webgpu', () => webgpu);
  await setBackend('webgpu');
  /** Also submits pending commands. */
  const finish = async () => {
    webgpu.ensureCommandEncoderReady();
    webgpu.endComputePassEncoder();
    webgpu.submitQueue();
    await webgpu.queue.onSubmittedWorkDone();
  };
  return {
    finish,
    matmul(shape) {
      const { rows, inputs, outputs } = shape;
      const x = tensor(randomArray('x', rows * inputs, 1), [rows, inputs]);
      const weight = tensor(randomArray('weight', inputs * outputs, 1), [inputs, outputs]);
      return measurement(matmulName(shape), () => matMul(x, weight).dispose(), finish);
    },
    block,
    close: () => {
      removeBackend('webgpu');
    },
  };
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

/** Rotates the pairs of [heads, tokens, headDim]; the gradient rotates back. */
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

/** x · weight for a frozen weight: [inputs, outputs] forward, [outputs, inputs] backward. */
function frozenProduct(x: Tensor, weight: Tensor, transposed: Tensor): Tensor {
  return customGrad((...inputs) => ({
    value: matMul(inputs[0] as Tensor, weight),
    gradFunc: (dy: Tensor) => matMul(dy, transposed),
  }))(x);
}

function block(arrays: BlockArrays): RunningBlock {
  const { shape } = arrays;
  const { tokens, hidden, heads, kvHeads, headDim, rank, alpha, normEps } = shape;
  const shapes = linearShapes(shape);
  const stored = (name: LinearName, part: 'weight' | 'A' | 'B', rows: number, columns: number) =>
    tensor(arrays.linears[name][part], [rows, columns]);
  const turned = (matrix: Tensor) => {
    const result = transpose(matrix);
    matrix.dispose();
    return result;
  };
  const transposed = LINEARS.map((name) => stored(name, 'weight', ...shapes[name]));
  const weights = transposed.map((weight) => transpose(weight));
  const trainable: Tensor[] = [
    tensor(arrays.x, [tokens, hidden]),
    ...LINEARS.flatMap((name) => {
      const [outputs, inputs] = shapes[name];
      return [turned(stored(name, 'A', rank, inputs)), turned(stored(name, 'B', outputs, rank))];
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
      const at = LINEARS.indexOf(name);
      const low = mul(matMul(input, lora[2 * at]!), alpha / rank);
      return add(frozenProduct(input, weights[at]!, transposed[at]!), matMul(low, lora[2 * at + 1]!));
    };
    const byHead = (y: Tensor, count: number) => transpose(reshape(y, [tokens, count, headDim]), [1, 0, 2]);
    const input = norm(x, inputNorm, normEps);
    const q = rotary(byHead(linear('q_proj', input), heads), cos, sin);
    const k = rotary(byHead(linear('k_proj', input), kvHeads), cos, sin);
    const v = byHead(linear('v_proj', input), kvHeads);
    const grouped = reshape(mul(q, 1 / Math.sqrt(headDim)), [kvHeads, group * tokens, headDim]);
    const scores = reshape(matMul(grouped, transpose(k, [0, 2, 1])), [heads, tokens, tokens]);
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
        // LoRA's matrices in their original order.
        const stored = index < 2 ? result : turned(result);
        entries.push([names[index]!, Float32Array.from(await stored.data())]);
        stored.dispose();
      }
      return new Map(entries);
    },
    dispose() {
      for (const tensor of held) tensor.dispose();
    },
  };
}
