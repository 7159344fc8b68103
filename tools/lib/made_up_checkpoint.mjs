import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

/**
 * A checkpoint of random weights with the shapes of a real model, written a few megabytes at a time. It shows the time
 * and memory of a model of that size without a download.
 *
 * @typedef {{ hidden_size: number, intermediate_size: number, num_hidden_layers: number, num_attention_heads: number,
 *   num_key_value_heads: number, vocab_size: number }} Shapes
 */

/** @type {Readonly<Record<string, Shapes>>} the shapes of Qwen2.5's models by size */
export const QWEN_SHAPES = {
  '0.5b': {
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    vocab_size: 151936,
  },
  '1.5b': {
    hidden_size: 1536,
    intermediate_size: 8960,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    vocab_size: 151936,
  },
};

const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const PART = 4 * 2 ** 20;

/**
 * Writes the folder if it does not exist: bf16 weights in shards with their index, config and tokenizer.
 * @param {string} folder
 * @param {Shapes} shapes
 * @param {(line: string) => void} log
 * @param {number} [shardBytes]
 * @returns {Promise<number>} parameters
 */
export async function writeMadeUpCheckpoint(folder, shapes, log, shardBytes = 10 ** 9) {
  const tensors = tensorsOf(shapes);
  const parameters = tensors.reduce((sum, { elements }) => sum + elements, 0);
  if (await stat(folder).catch(() => undefined)) return parameters;
  const partial = `${folder}.partial`;
  await mkdir(partial, { recursive: true });
  const shards = shardsOf(tensors, shardBytes);
  /** @type {Record<string, string>} */
  const weightMap = {};
  let state = 1;
  for (const [index, shard] of shards.entries()) {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    log(`Writing ${name} …`);
    for (const tensor of shard) weightMap[tensor.name] = name;
    state = await writeShard(join(partial, name), shard, state);
  }
  const json = /** @param {string} name @param {unknown} value */ (name, value) =>
    writeFile(join(partial, name), JSON.stringify(value));
  const metadata = { total_size: parameters * 2 };
  await json('model.safetensors.index.json', { metadata, weight_map: weightMap });
  await json('config.json', configOf(shapes));
  await json('tokenizer.json', tokenizerOf(shapes.vocab_size));
  await json('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
    chat_template:
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
      "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  });
  await rename(partial, folder);
  return parameters;
}

/** @typedef {{ name: string, shape: number[], elements: number }} Tensor */

/** @param {Shapes} shapes @returns {Tensor[]} */
function tensorsOf(shapes) {
  const { hidden_size: hidden, intermediate_size: wide, num_hidden_layers: layers } = shapes;
  const keys = (hidden / shapes.num_attention_heads) * shapes.num_key_value_heads;
  /** @type {Tensor[]} */
  const tensors = [];
  const add = /** @param {string} name @param {number[]} shape */ (name, ...shape) =>
    tensors.push({ name, shape, elements: shape.reduce((a, b) => a * b, 1) });
  add('model.embed_tokens.weight', shapes.vocab_size, hidden);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    add(`${prefix}.input_layernorm.weight`, hidden);
    add(`${prefix}.mlp.down_proj.weight`, hidden, wide);
    add(`${prefix}.mlp.gate_proj.weight`, wide, hidden);
    add(`${prefix}.mlp.up_proj.weight`, wide, hidden);
    add(`${prefix}.post_attention_layernorm.weight`, hidden);
    for (const [name, out] of /** @type {const} */ ([
      ['q_proj', hidden],
      ['k_proj', keys],
      ['v_proj', keys],
    ])) {
      add(`${prefix}.self_attn.${name}.bias`, out);
      add(`${prefix}.self_attn.${name}.weight`, out, hidden);
    }
    add(`${prefix}.self_attn.o_proj.weight`, hidden, hidden);
  }
  add('model.norm.weight', hidden);
  return tensors;
}

/** @param {Tensor[]} tensors @param {number} shardBytes @returns {Tensor[][]} */
function shardsOf(tensors, shardBytes) {
  /** @type {Tensor[][]} */
  const shards = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > 0 && bytes + tensor.elements * 2 > shardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += tensor.elements * 2;
  }
  return shards;
}

/**
 * @param {string} path
 * @param {Tensor[]} tensors
 * @param {number} state of the random numbers
 */
async function writeShard(path, tensors, state) {
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const { name, shape, elements } of tensors) {
    header[name] = { dtype: 'BF16', shape, data_offsets: [offset, (offset += elements * 2)] };
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = createWriteStream(path);
  const write = /** @param {Uint8Array} bytes */ async (bytes) => {
    if (!file.write(bytes)) await once(file, 'drain');
  };
  await write(length);
  await write(json);
  for (const { name, elements } of tensors) {
    for (let at = 0; at < elements; at += PART / 2) {
      const values = new Uint16Array(Math.min(PART / 2, elements - at));
      if (name.endsWith('norm.weight')) values.fill(0x3f80);
      else state = fill(values, state);
      await write(new Uint8Array(values.buffer));
    }
  }
  file.end();
  await finished(file);
  return state;
}

/**
 * Random bfloat16 of magnitudes from 2^-8 to 2^-5 with both signs, by Marsaglia's xorshift.
 * @param {Uint16Array} values
 * @param {number} state not 0
 */
function fill(values, state) {
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = (state & 0x807f) | ((119 + ((state >>> 8) % 3)) << 7);
  }
  return state;
}

/** @param {Shapes} shapes */
function configOf(shapes) {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    ...shapes,
    hidden_act: 'silu',
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    tie_word_embeddings: true,
    use_sliding_window: false,
    torch_dtype: 'bfloat16',
    eos_token_id: SPECIAL.length - 1,
  };
}

/**
 * Byte-level BPE with a token for every number: the special ones, the bytes, all pairs of bytes, and then pairs with a
 * third byte until the vocabulary is full.
 * @param {number} size
 */
function tokenizerOf(size) {
  const bytes = byteCharacters();
  /** @type {Record<string, number>} */
  const vocab = {};
  let next = 0;
  const add = /** @param {string} token */ (token) => {
    vocab[token] = next++;
  };
  [...SPECIAL, ...bytes].forEach(add);
  /** @type {[string, string][]} */
  const merges = [];
  const merge = /** @param {string[]} left */ (left) => {
    for (const first of left) {
      for (const second of bytes) {
        if (next === size) return;
        merges.push([first, second]);
        add(first + second);
      }
    }
  };
  merge(bytes);
  merge(merges.map(([first, second]) => first + second));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

/** The characters of bytes in byte-level tokenizers: printable bytes stand for themselves. */
function byteCharacters() {
  let other = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
    return String.fromCharCode(printable ? byte : other++);
  });
}

/** @param {number} value */
function number(value) {
  return String(value).padStart(5, '0');
}
