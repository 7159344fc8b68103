import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SMALL_DECODER } from '../../../bench/peers/check';
import { decoderArrays, decoderTokens, referenceLogits } from '../../../bench/peers/decoder';
import { OnnxGraph } from '../../../bench/peers/onnx';
import { linearShapes } from '../../../bench/peers/shapes';
import { errorCode } from '../../../src/core/errors';
import { memoryFile } from '../../../src/core/file_reader';
import type { ModelFolder } from '../../../src/models/folder';
import type { OnnxDecoder } from '../../../src/onnx_runtime/decoder';
import { MOST_WASM_BYTES, openOnnx } from '../../../src/onnx_runtime/open';
import { writeDecoder, type Weight, type WrittenDecoder } from '../../onnx/decoder';

const { hidden, vocab, tokens } = SMALL_DECODER;

function written(): WrittenDecoder {
  const { embedding, head, block } = decoderArrays(SMALL_DECODER);
  const shapes = linearShapes(SMALL_DECODER);
  const weightOf = (name: string): Weight => {
    if (name === 'model.embed_tokens') return { shape: [vocab, hidden], values: embedding };
    if (name === 'lm_head') {
      const rows = head.map((_, at) => head[(at % hidden) * vocab + Math.floor(at / hidden)]!);
      return { shape: [vocab, hidden], values: rows };
    }
    if (name.endsWith('post_attention_layernorm'))
      return { shape: [hidden], values: block.postAttentionNorm };
    if (name.endsWith('norm')) return { shape: [hidden], values: block.inputNorm };
    const map = name.slice(name.lastIndexOf('.') + 1) as keyof typeof shapes;
    return { shape: shapes[map], values: block.linears[map].weight };
  };
  return writeDecoder({ ...SMALL_DECODER, positions: tokens + 1 }, weightOf);
}

const { model, weights } = written();
const folder = (changes: Record<string, Uint8Array | undefined> = {}): ModelFolder => {
  const files: Record<string, Uint8Array | undefined> = {
    'onnx/model.onnx': model,
    'onnx/weights': weights,
    ...changes,
  };
  return new Map(
    Object.entries(files).flatMap(([name, bytes]) =>
      bytes ? [[name, memoryFile(name, bytes)] as const] : [],
    ),
  );
};

/** f32 rounds each of the sums of `hidden` products in two blocks of seven linear maps; logits are about 1. */
const TOLERANCE = 2 ** -23 * hidden * 14;

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, at) => Math.abs(value - b[at]!)).reduce((most, value) =>
    Math.max(most, value),
  );
}

describe('a decoder in onnxruntime-web', () => {
  const ids = decoderTokens(SMALL_DECODER);
  let decoder: OnnxDecoder;
  beforeAll(async () => {
    decoder = await openOnnx(folder(), { device: 'wasm' });
  });
  afterAll(async () => {
    await decoder.close();
  });

  it('computes the logits of the reference', async () => {
    const logits = await decoder.logits(ids);
    expect(logits.length).toBe(tokens * vocab);
    expect(largestDifference(logits.subarray(-vocab), referenceLogits(SMALL_DECODER))).toBeLessThan(
      TOLERANCE,
    );
  });

  it('continues from its cache, token by token and in runs of tokens', async () => {
    const all = await decoder.logits(ids);
    const row = (at: number) => all.subarray(at * vocab, (at + 1) * vocab);
    await decoder.remember(ids.slice(0, 3), 0);
    expect(largestDifference(await decoder.next(ids.slice(3, 7), 3), row(6))).toBeLessThan(TOLERANCE);
    for (let at = 7; at < ids.length; at++) {
      expect(largestDifference(await decoder.next([ids[at]!], at), row(at))).toBeLessThan(TOLERANCE);
    }
  });

  it('starts again with another text', async () => {
    await decoder.next([5, 6, 7], 0);
    const alone = await decoder.logits([9]);
    expect(largestDifference(await decoder.next([9], 0), alone)).toBeLessThan(TOLERANCE);
  });

  it('declares its inputs', () => {
    expect(decoder.inputs).toContain('num_logits_to_keep');
    expect(decoder.inputs).not.toContain('position_ids');
  });
});

/** A graph with one op, and the inputs and outputs that a test needs. */
function graphOf(inputs: readonly string[], outputs: readonly string[], op = 'Identity'): Uint8Array {
  const graph = new OnnxGraph();
  for (const output of outputs) graph.op(op, [inputs[0] ?? ''], [output]);
  const value = (name: string) => ({ name, type: 'int64', shape: ['batch_size', 'n'] }) as const;
  return graph.encode(inputs.map(value), outputs.map(value)).model;
}

/** The same model with another version of the standard's ops, which the helper always writes as 21. */
function withOpset(version: number): Uint8Array {
  const bytes = graphOf(['input_ids'], ['logits']);
  const at = bytes.findIndex((byte, index) => byte === 21 && bytes[index - 1] === 0x10);
  bytes[at] = version;
  return bytes;
}

describe('folders that are refused', () => {
  const codeOf = async (files: ModelFolder): Promise<string | undefined> => {
    const opened = await openOnnx(files, { device: 'wasm' }).catch((error: unknown) => error);
    return errorCode(opened);
  };
  const alone = (bytes: Uint8Array): ModelFolder => folder({ 'onnx/model.onnx': bytes });

  it('names a file of data that is missing or too short', async () => {
    expect(await codeOf(folder({ 'onnx/weights': undefined }))).toBe('onnx_data_missing');
    expect(await codeOf(folder({ 'onnx/weights': weights.subarray(1) }))).toBe('onnx_data_short');
  });

  it('recognises a file that is no ONNX, or cut off', async () => {
    expect(await codeOf(alone(model.subarray(0, -1)))).toBe('onnx_damaged');
    expect(await codeOf(alone(new Uint8Array(200).fill(123)))).toBe('onnx_damaged');
    expect(await codeOf(alone(new Uint8Array()))).toBe('onnx_damaged');
  });

  it('opens the newest ops that the runtime has, and refuses newer ones', async () => {
    await (await openOnnx(alone(withOpset(26)), { device: 'wasm' })).close();
    expect(await codeOf(alone(withOpset(27)))).toBe('onnx_opset');
  });

  it('refuses graphs that continue no text, and inputs that it does not know', async () => {
    expect(await codeOf(alone(graphOf(['pixel_values'], ['logits'])))).toBe('onnx_not_decoder');
    expect(await codeOf(alone(graphOf(['input_ids'], ['embedding'])))).toBe('onnx_not_decoder');
    expect(await codeOf(alone(graphOf(['input_ids', 'pixel_values'], ['logits'])))).toBe('onnx_inputs');
    expect(await codeOf(alone(graphOf(['input_ids'], ['logits'], 'NoSuchOp')))).toBe('onnx_refused');
  });

  it('refuses a folder without a graph, or with parts of a larger model', async () => {
    expect(await codeOf(folder({ 'onnx/model.onnx': undefined }))).toBe('onnx_missing');
    const parts = { 'onnx/vision_encoder.onnx': model, 'onnx/embed_tokens.onnx': model };
    expect(await codeOf(folder({ 'onnx/model.onnx': undefined, ...parts }))).toBe('onnx_parts');
  });

  it('says before it loads anything that a model is too large for WebAssembly', async () => {
    const large = { ...memoryFile('weights', weights), size: MOST_WASM_BYTES };
    large.read = () => Promise.reject(new Error('the file was read'));
    expect(await codeOf(new Map([...folder(), ['onnx/weights', large]]))).toBe('onnx_too_large');
  });
});
