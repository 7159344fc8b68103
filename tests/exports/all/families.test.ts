import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adapted,
  families,
  loadFixture,
  maxError,
  type Adapted,
  type Family,
  type Variant,
} from '../../parity/fixtures';
import { usePython } from '../python/python';
import { report } from '../report';
import { inTransformers } from '../transformers_js/transformers';
import { exportTo, pathsOf, useDevice, useFolder, useTuned } from '../tuned';

/** Exports of each family in the programs of the large part: transformers, peft, transformers.js, onnxruntime-genai. */

const device = useDevice();
const folder = useFolder();
const python = usePython();

const cases = [...families, ...adapted].flatMap((name) =>
  loadFixture(name).variants.map((variant): [Family | Adapted, Variant] => [name, variant]),
);

/** The rounding is the same code for all families and bases; the names and shapes of tensors are not. */
function dtypesOf(name: Family | Adapted, variant: Variant): readonly string[] {
  return name === 'llama' && variant === 'f32' ? ['float32', 'float16', 'bfloat16'] : ['float32'];
}

describe.each(cases)('%s, %s', (name, variant) => {
  const fixture = loadFixture(name);
  const paths = pathsOf(fixture, variant);
  const tuned = useTuned(device, paths);
  const model = `${name}, ${variant}`;
  const at = (file: string): string => folder(`${name.replace('/', '-')}-${variant}-${file}`);
  const { base, adapter, ids: input_ids } = paths;
  const request = { base, load_in_4bit: variant === 'nf4', input_ids };
  beforeAll(() => writeFile(at('logits'), Float32Array.from(tuned().logits)));

  it('peft in peft', async () => {
    const peft = await exportTo(at('peft'), tuned(), 'peft');
    const answer = await python('adapter', { ...request, adapter: peft.folder, logits: at('logits') });
    report({ program: 'peft', model, export: 'peft', ...answer });
    expect(answer.difference).toBeLessThanOrEqual(answer.allowed);
    expect(answer.allowed).toBeLessThan(answer.effect);
  });

  it.each(dtypesOf(name, variant))('merged %s in transformers', async (dtype) => {
    const options = { export_dtype: dtype, max_shard_size: '60KB' };
    const merged = await exportTo(at(dtype), tuned(), 'merged', options);
    const { weights, ...answer } = await python('merged', { ...request, adapter, merged: merged.folder });
    report({ program: 'transformers', model, export: `merged ${dtype}`, ...answer });
    expect(answer.difference).toBeLessThanOrEqual(answer.allowed);
    expect(answer.allowed).toBeLessThan(answer.effect);
    expect(weights).toBeLessThanOrEqual(1);
  });

  // The fixtures of other kinds of adapters have no conversation.
  if (!fixture.expected.chat) return;

  it('onnx fp32 in transformers.js and onnxruntime-genai', async () => {
    const { folder: exported } = await exportTo(at('onnx'), tuned(), 'onnx', { quantization: 'fp32' });
    const allowed = fixture.tolerance(variant, 'logits');
    const effect = maxError(tuned().baseLogits, tuned().logits);
    const { chat, variants } = fixture.expected;
    const greedy = variants[variant]!.greedy.adapter;
    const results = await inTransformers(exported, 'fp32', {
      ids: input_ids,
      prompt: input_ids,
      count: greedy.length,
      text: chat!.text,
      messages: chat!.messages,
    });
    const difference = maxError(results.logits, tuned().logits);
    report({ program: 'transformers.js', model, export: 'onnx fp32', difference, allowed, effect });
    expect(difference).toBeLessThanOrEqual(allowed);
    expect(results.greedy).toEqual(greedy);
    expect(results.rendered).toBe(chat!.text);
    expect(results.encoded).toEqual(chat!.input_ids);

    const answer = await python('genai', { folder: exported, logits: at('logits'), input_ids });
    const inGenai = { difference: answer.difference, allowed, effect };
    report({ program: 'onnxruntime-genai', model, export: 'onnx fp32', ...inGenai });
    expect(answer.difference).toBeLessThanOrEqual(allowed);
  });
});
