// ONNX decoders of the Llama family, written apart from the program's own export: with the inputs and the names that
// transformers.js expects, and the weights in a file of external data.
import { OnnxGraph } from '../../bench/peers/onnx';

export interface DecoderSizes {
  readonly blocks: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  /** Most tokens of a text. */
  readonly positions: number;
}

/** A matrix [rows, columns], or a vector with one row. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface WrittenDecoder {
  readonly model: Uint8Array;
  /** The file that the model refers to as `weights`. */
  readonly weights: Uint8Array;
}

const MICROSOFT = 'com.microsoft';
const INT32 = 6;

/** @param weightOf a weight by its name in a checkpoint of Transformers, without `.weight` */
export function writeDecoder(sizes: DecoderSizes, weightOf: (name: string) => Weight): WrittenDecoder {
  const { blocks, heads, kvHeads, headDim, positions, ropeTheta } = sizes;
  const graph = new OnnxGraph();
  const epsilon = { floats: { epsilon: sizes.normEps } };
  const vector = (name: string) => {
    const { shape, values } = weightOf(name);
    return graph.weight(name, shape, values);
  };
  const linear = (name: string, input: string, output = `${name}.y`) => {
    const { shape, values } = weightOf(name);
    const [outputs = 0, inputs = 0] = shape;
    // Checkpoints have [outputs, inputs].
    const turned = values.map((_, at) => values[(at % outputs) * inputs + Math.floor(at / outputs)]!);
    return graph.op('MatMul', [input, graph.weight(name, [inputs, outputs], turned)], [output]);
  };
  const size = (value: string, axis: number) =>
    graph.op('Shape', [value], [`${value}.size${axis}`], { ints: { start: axis, end: axis + 1 } });

  // The batch is one text, so its size is the number 1, which the ops below need.
  const one = size('input_ids', 0);
  const seen = graph.op('ReduceSum', ['attention_mask'], ['seen'], { ints: { keepdims: 0 } });
  const last = graph.op('Sub', [seen, one], ['last']);
  const lengths = graph.op('Cast', [last], ['seqlens_k'], { ints: { to: INT32 } });
  const total = graph.op('Squeeze', [size('attention_mask', 1)], ['total']);
  const totalLength = graph.op('Cast', [total], ['total_sequence_length'], { ints: { to: INT32 } });

  const half = headDim / 2;
  const angle = (at: number) => Math.floor(at / half) * ropeTheta ** (-(at % half) / half);
  const angles = Array.from({ length: positions * half }, (_, at) => angle(at));
  const cos = graph.weight('cos', [positions, half], Float32Array.from(angles, Math.cos));
  const sin = graph.weight('sin', [positions, half], Float32Array.from(angles, Math.sin));

  const { shape: table, values: embedding } = weightOf('model.embed_tokens');
  const [vocabulary = 0] = table;
  let residual = graph.op('Gather', [graph.weight('embedding', table, embedding), 'input_ids'], ['embedded']);
  let normed = graph.op(
    'SimplifiedLayerNormalization',
    [residual, vector('model.layers.0.input_layernorm')],
    ['normed'],
    epsilon,
  );
  const addAndNorm = (name: string, added: string) => {
    const sum = `${name}.sum`;
    normed = graph.op(
      'SkipSimplifiedLayerNormalization',
      [residual, added, vector(name)],
      [`${name}.y`, '', '', sum],
      { ...epsilon, domain: MICROSOFT },
    );
    residual = sum;
  };
  for (let block = 0; block < blocks; block++) {
    const at = `model.layers.${block}`;
    const attended = graph.op(
      'GroupQueryAttention',
      [
        linear(`${at}.self_attn.q_proj`, normed),
        linear(`${at}.self_attn.k_proj`, normed),
        linear(`${at}.self_attn.v_proj`, normed),
        `past_key_values.${block}.key`,
        `past_key_values.${block}.value`,
        lengths,
        totalLength,
        cos,
        sin,
      ],
      [`${at}.attended`, `present.${block}.key`, `present.${block}.value`],
      { domain: MICROSOFT, ints: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 } },
    );
    addAndNorm(`${at}.post_attention_layernorm`, linear(`${at}.self_attn.o_proj`, attended));
    const gate = linear(`${at}.mlp.gate_proj`, normed);
    const sigmoid = graph.op('Sigmoid', [gate], [`${at}.sigmoid`]);
    const silu = graph.op('Mul', [gate, sigmoid], [`${at}.silu`]);
    const gated = graph.op('Mul', [silu, linear(`${at}.mlp.up_proj`, normed)], [`${at}.gated`]);
    const next = block + 1 < blocks ? `model.layers.${block + 1}.input_layernorm` : 'model.norm';
    addAndNorm(next, linear(`${at}.mlp.down_proj`, gated));
  }
  const count = graph.op('Reshape', ['num_logits_to_keep', one], ['kept']);
  const first = graph.op('Neg', [count], ['first']);
  const rows = graph.op('Slice', [normed, first, size('input_ids', 1), one], ['rows']);
  linear('lm_head', rows, 'logits');

  const caches = (prefix: string, length: string) =>
    Array.from({ length: blocks }, (_, block) =>
      ['key', 'value'].map(
        (part) =>
          ({
            name: `${prefix}.${block}.${part}`,
            type: 'float32',
            shape: ['batch_size', kvHeads, length, headDim],
          }) as const,
      ),
    ).flat();
  return graph.encode(
    [
      { name: 'input_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] },
      { name: 'attention_mask', type: 'int64', shape: ['batch_size', 'total_sequence_length'] },
      { name: 'num_logits_to_keep', type: 'int64', shape: [] },
      ...caches('past_key_values', 'past_sequence_length'),
    ],
    [
      { name: 'logits', type: 'float32', shape: ['batch_size', 'kept', vocabulary] },
      ...caches('present', 'total_sequence_length'),
    ],
  );
}
