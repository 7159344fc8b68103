// jax-js on WebGPU: the block and its gradients as one jit-compiled function, whose ops it fuses if it can. Arrays are
// reference-counted: passing one on consumes it, `.ref` keeps it. (Its einsum needs a newer JavaScript than that of
// Node 20.)
import {
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  vjp,
  type Array as JaxArray,
} from '@jax-js/jax';
import { randomArray, resultNames, type BlockArrays, type RunningBlock } from './block';
import { type Framework } from './framework';
import { measurement } from './peer';
import { LINEARS, linearShapes, matmulName, type LinearName } from './shapes';

/** Requests the results, because dispatches are lazy; then releases them. */
function dispatch(results: readonly JaxArray[]): void {
  for (const result of results) result.gpuBufferSync();
}

function array(values: Float32Array<ArrayBuffer>, shape: readonly number[]): JaxArray {
  return np.array(values, { shape: [...shape] });
}

/** Starts jax-js, which requests a device itself. */
export async function openJax(): Promise<Framework> {
  if (!(await init('webgpu')).includes('webgpu')) throw new Error('jax-js finds no WebGPU');
  defaultDevice('webgpu');
  const device = getWebGPUDevice();
  const finish = async () => {
    await device.queue.onSubmittedWorkDone();
  };
  return {
    finish,
    matmul(shape) {
      const { rows, inputs, outputs } = shape;
      const x = array(randomArray('x', rows * inputs, 1), [rows, inputs]);
      const weight = array(randomArray('weight', inputs * outputs, 1), [inputs, outputs]);
      const product = jit((x: JaxArray, weight: JaxArray) => np.matmul(x, weight));
      return measurement(matmulName(shape), () => dispatch([product(x.ref, weight.ref)]), finish);
    },
    block,
    close: () => {
      device.destroy();
    },
  };
}

/** x [rows, inputs] times the transpose of weight [outputs, inputs]. */
function product(x: JaxArray, weight: JaxArray): JaxArray {
  return lax.dot(x, weight, { lhsContractingDims: [1], rhsContractingDims: [1] });
}

function norm(x: JaxArray, weight: JaxArray, eps: number): JaxArray {
  const r = np.reciprocal(np.sqrt(np.mean(np.square(x.ref), -1, { keepdims: true }).add(eps)));
  return x.mul(r).mul(weight);
}

/** Rotates the pairs of [tokens, heads, headDim] by angles of [tokens, 1, headDim / 2]. */
function rotary(x: JaxArray, cos: JaxArray, sin: JaxArray): JaxArray {
  const [first, second] = np.split(x, 2, -1) as [JaxArray, JaxArray];
  return np.concatenate(
    [first.ref.mul(cos.ref).sub(second.ref.mul(sin.ref)), second.mul(cos).add(first.mul(sin))],
    -1,
  );
}

function block(arrays: BlockArrays): RunningBlock {
  const { shape } = arrays;
  const { tokens, hidden, heads, kvHeads, headDim, rank, alpha, normEps } = shape;
  const group = heads / kvHeads;
  const shapes = linearShapes(shape);
  const trainable: JaxArray[] = [
    array(arrays.x, [tokens, hidden]),
    ...LINEARS.flatMap((name) => {
      const [outputs, inputs] = shapes[name];
      return [array(arrays.linears[name].A, [rank, inputs]), array(arrays.linears[name].B, [outputs, rank])];
    }),
  ];
  const frozen = {
    weights: Object.fromEntries(
      LINEARS.map((name) => [name, array(arrays.linears[name].weight, shapes[name])]),
    ) as Record<LinearName, JaxArray>,
    inputNorm: array(arrays.inputNorm, [hidden]),
    postAttentionNorm: array(arrays.postAttentionNorm, [hidden]),
    cos: array(arrays.cos, [tokens, 1, headDim / 2]),
    sin: array(arrays.sin, [tokens, 1, headDim / 2]),
  };
  const upstream = array(arrays.upstream, [tokens, hidden]);

  const forward = (trainable: JaxArray[], frozen: Frozen): JaxArray => {
    const [x, ...lora] = trainable as [JaxArray, ...JaxArray[]];
    const linear = (name: LinearName, input: JaxArray) => {
      const at = 2 * LINEARS.indexOf(name);
      const low = product(input.ref, lora[at]!).mul(alpha / rank);
      return product(input, frozen.weights[name]).add(product(low, lora[at + 1]!));
    };
    const byHead = (y: JaxArray, count: number) => y.reshape([tokens, count, headDim]);
    const input = norm(x.ref, frozen.inputNorm, normEps);
    const q = rotary(byHead(linear('q_proj', input.ref), heads), frozen.cos.ref, frozen.sin.ref);
    const k = rotary(byHead(linear('k_proj', input.ref), kvHeads), frozen.cos, frozen.sin);
    const v = byHead(linear('v_proj', input), kvHeads);
    const grouped = q.reshape([tokens, kvHeads, group, headDim]);
    // [kvHeads, tokens, group, tokens]
    const scores = lax
      .dot(grouped, k, {
        lhsBatchDims: [1],
        rhsBatchDims: [1],
        lhsContractingDims: [3],
        rhsContractingDims: [2],
      })
      .mul(1 / Math.sqrt(headDim));
    const causal = np.tri(tokens, tokens, 0, { dtype: np.bool }).reshape([tokens, 1, tokens]);
    const shares = nn.softmax(np.where(causal, scores, -Infinity), -1);
    // [kvHeads, tokens, group, headDim]
    const mixed = lax.dot(shares, v, {
      lhsBatchDims: [0],
      rhsBatchDims: [1],
      lhsContractingDims: [3],
      rhsContractingDims: [0],
    });
    const merged = mixed.transpose([1, 0, 2, 3]).reshape([tokens, heads * headDim]);
    const attended = x.add(linear('o_proj', merged));
    const second = norm(attended.ref, frozen.postAttentionNorm, normEps);
    const activated = nn.silu(linear('gate_proj', second.ref)).mul(linear('up_proj', second));
    return attended.add(linear('down_proj', activated));
  };
  const step = jit((trainable: JaxArray[], frozen: Frozen, upstream: JaxArray): JaxArray[] => {
    const [y, backward] = vjp((trainable: JaxArray[]) => forward(trainable, frozen), [trainable]);
    const [grads] = backward(upstream) as [JaxArray[]];
    backward.dispose();
    return [y, ...grads];
  });
  type Frozen = typeof frozen;
  const run = () => step(tree.ref(trainable), tree.ref(frozen), upstream.ref);
  return {
    start: () => dispatch(run()),
    async results() {
      const names = resultNames();
      const entries: [string, Float32Array<ArrayBuffer>][] = [];
      for (const [index, result] of run().entries()) {
        const values: unknown = await result.data();
        if (!(values instanceof Float32Array)) throw new Error('jax-js returned other numbers than f32');
        entries.push([names[index]!, Float32Array.from(values)]);
      }
      return new Map(entries);
    },
    dispose() {
      tree.dispose([trainable, frozen, upstream]);
      step.dispose();
    },
  };
}
