// onnxruntime-web with its WebGPU provider, on a decoder in the form that exporters write for generation: grouped-query
// attention with rotary embedding and cache as one op, residual and norm as another. Results stay on the GPU.
import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { checkSmallDecoder, SMALL_DECODER } from './check';
import { decoderArrays, decoderTokens } from './decoder';
import { OnnxGraph } from './onnx';
import { measurement } from './peer';
import { decodingName, forwardName, linearShapes, type DecoderShape, type LinearName } from './shapes';

const MICROSOFT = 'com.microsoft';

/** Transposes weights: the block's are [outputs, inputs], the model's [inputs, outputs]. */
function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!);
}

/**
 * The model of a decoder. Inputs: tokens and caches. Outputs: the logits after the token at `last`, and the caches with
 * the tokens added. All blocks have copies of the same weights.
 */
function decoderModel(shape: DecoderShape) {
  const { blocks, vocab, hidden, heads, kvHeads, headDim, normEps } = shape;
  const graph = new OnnxGraph();
  const { embedding: embeddingValues, head, block: arrays } = decoderArrays(shape);
  const angles = [arrays.cos.length / (headDim / 2), headDim / 2];
  const cos = graph.weight('cos', angles, arrays.cos);
  const sin = graph.weight('sin', angles, arrays.sin);
  const scale = (name: string, values: Float32Array) => graph.weight(name, [hidden], values);
  const epsilon = { floats: { epsilon: normEps } };

  const embedding = graph.weight('embedding', [vocab, hidden], embeddingValues);
  let residual = graph.op('Gather', [embedding, 'input_ids'], ['embedded']);
  let normed = graph.op(
    'SimplifiedLayerNormalization',
    [residual, scale('norm', arrays.inputNorm)],
    ['normed'],
    epsilon,
  );
  /** Adds to the residual stream, and normalises it for the next op. */
  const addAndNorm = (name: string, added: string, values: Float32Array) => {
    const next = `${name}.residual`;
    normed = graph.op(
      'SkipSimplifiedLayerNormalization',
      [residual, added, scale(`${name}.norm`, values)],
      [`${name}.normed`, '', '', next],
      { ...epsilon, domain: MICROSOFT },
    );
    residual = next;
  };
  for (let block = 0; block < blocks; block++) {
    const linear = (name: LinearName, input: string) => {
      const [outputs, inputs] = linearShapes(shape)[name];
      const full = `${block}.${name}`;
      const values = turned(arrays.linears[name].weight, outputs, inputs);
      return graph.op('MatMul', [input, graph.weight(`${full}.weight`, [inputs, outputs], values)], [full]);
    };
    const attended = graph.op(
      'GroupQueryAttention',
      [
        linear('q_proj', normed),
        linear('k_proj', normed),
        linear('v_proj', normed),
        `past.${block}.key`,
        `past.${block}.value`,
        'seqlens_k',
        'total_sequence_length',
        cos,
        sin,
      ],
      [`${block}.attended`, `present.${block}.key`, `present.${block}.value`],
      { domain: MICROSOFT, ints: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 } },
    );
    addAndNorm(`${block}.attention`, linear('o_proj', attended), arrays.postAttentionNorm);
    const gate = linear('gate_proj', normed);
    const sigmoid = graph.op('Sigmoid', [gate], [`${block}.sigmoid`]);
    const silu = graph.op('Mul', [gate, sigmoid], [`${block}.silu`]);
    const gated = graph.op('Mul', [silu, linear('up_proj', normed)], [`${block}.gated`]);
    addAndNorm(`${block}.mlp`, linear('down_proj', gated), arrays.inputNorm);
  }
  const last = graph.op('Gather', [normed, 'last'], ['last.normed'], { ints: { axis: 1 } });
  graph.op('MatMul', [last, graph.weight('head', [hidden, vocab], head)], ['logits']);

  const caches = (prefix: string, length: string) =>
    cacheNames(prefix, blocks).map(
      (name) => ({ name, type: 'float32', shape: [1, kvHeads, length, headDim] }) as const,
    );
  return graph.encode(
    [
      { name: 'input_ids', type: 'int64', shape: [1, 'tokens'] },
      { name: 'last', type: 'int64', shape: [1] },
      { name: 'seqlens_k', type: 'int32', shape: [1] },
      { name: 'total_sequence_length', type: 'int32', shape: [] },
      ...caches('past', 'past'),
    ],
    [{ name: 'logits', type: 'float32', shape: [1, 1, vocab] }, ...caches('present', 'total')],
  );
}

function cacheNames(prefix: string, blocks: number): string[] {
  return Array.from({ length: blocks }, (_, block) =>
    ['key', 'value'].map((part) => `${prefix}.${block}.${part}`),
  ).flat();
}

type Results = InferenceSession.OnnxValueMapType;

/** A session, with functions to run it with a cache. */
async function openDecoder(shape: DecoderShape) {
  const { blocks, kvHeads, headDim } = shape;
  const { model, weights } = decoderModel(shape);
  const session = await InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    externalData: [{ path: 'weights', data: weights }],
    preferredOutputLocation: 'gpu-buffer',
  });
  const presentNames = cacheNames('present', blocks);
  const empty = new Tensor('float32', new Float32Array(), [1, kvHeads, 0, headDim]);
  return {
    /** Runs tokens after `past` others; `before` are the results of those, with the caches. */
    async run(ids: readonly number[], past = 0, before?: Results): Promise<Results> {
      return await session.run({
        input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
        last: new Tensor('int64', [BigInt(ids.length - 1)], [1]),
        seqlens_k: new Tensor('int32', [past + ids.length - 1], [1]),
        total_sequence_length: new Tensor('int32', [past + ids.length], []),
        ...Object.fromEntries(
          cacheNames('past', blocks).map((name, index) => [name, before?.[presentNames[index]!] ?? empty]),
        ),
      });
    },
    close: async () => {
      await session.release();
    },
  };
}

function release(results: Results): void {
  for (const tensor of Object.values(results)) tensor.dispose();
}

/**
 * The logits after all of a decoder's tokens, computed in two ways: in one pass, and with the last token decoded after
 * the others.
 */
async function smallLogits(): Promise<Float32Array[]> {
  const decoder = await openDecoder(SMALL_DECODER);
  const ids = decoderTokens(SMALL_DECODER);
  const before = await decoder.run(ids.slice(0, -1));
  const all: Float32Array[] = [];
  for (const results of [await decoder.run(ids), await decoder.run(ids.slice(-1), ids.length - 1, before)]) {
    const values = await results.logits?.getData();
    if (!(values instanceof Float32Array)) throw new Error('onnxruntime-web returned other numbers than f32');
    all.push(Float32Array.from(values));
    release(results);
  }
  release(before);
  await decoder.close();
  return all;
}

export async function openOnnxRuntime(shape: DecoderShape, notes: string[]) {
  for (const logits of await smallLogits()) notes.push(...checkSmallDecoder(logits));
  const decoder = await openDecoder(shape);
  const device = await env.webgpu.device;
  const finish = async () => {
    await device.queue.onSubmittedWorkDone();
  };
  const prompt = decoderTokens(shape);
  let cached: Results | undefined;
  return {
    measurements: [
      measurement(
        forwardName(shape),
        async () => {
          release(await decoder.run(prompt));
        },
        finish,
      ),
      measurement(
        decodingName(shape),
        async () => {
          cached ??= await decoder.run(prompt);
          release(await decoder.run(prompt.slice(-1), prompt.length, cached));
        },
        finish,
      ),
    ],
    close: async () => {
      if (cached) release(cached);
      await decoder.close();
    },
  };
}
