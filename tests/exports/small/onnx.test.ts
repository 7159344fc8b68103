import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolder } from '../../../src/cli/files';
import type { FileReader } from '../../../src/models/folder';
import { openOnnx } from '../../../src/onnx_runtime/open';
import { families, loadFixture, maxError, type Family } from '../../parity/fixtures';
import { divergence, largest, logProbabilities } from '../logits';
import { logitsOfCodes } from '../onnxruntime_web/dequantised';
import { explainedDivergence, matrices, SPREAD } from '../onnxruntime_web/rounding';
import { report } from '../report';
import { exportTo, pathsOf, useDevice, useFolder, useTuned } from '../tuned';

/** ONNX exports in onnxruntime-web’s WASM. */

const device = useDevice();
const folder = useFolder();
const program = 'onnxruntime-web';

/** All files below an exported folder, by their paths in it. */
async function filesOf(at: string): Promise<ReadonlyMap<string, FileReader>> {
  const below = await openFolder(join(at, 'onnx'), 'model');
  expect((await readdir(at)).sort()).toContain('config.json');
  return new Map(Array.from(below, ([name, file]) => [`onnx/${name}`, file]));
}

/** Logits of a whole text, and of the same text token by token. */
async function inRuntime(at: string, ids: readonly number[]): Promise<readonly Float32Array[]> {
  const decoder = await openOnnx(await filesOf(at), { device: 'wasm' });
  try {
    const whole = await decoder.logits(ids);
    const single: number[] = [];
    for (const [position, id] of ids.entries()) single.push(...(await decoder.next([id], position)));
    return [whole, Float32Array.from(single)];
  } finally {
    await decoder.close();
  }
}

/** Each op that a family adds to Llama's is in one of them: biases, windows with GELU, short convolutions. */
const OPS: readonly Family[] = ['llama', 'qwen2', 'gemma3', 'lfm2_bias'];

describe.each(families)('%s', (family) => {
  const fixture = loadFixture(family);
  const paths = pathsOf(fixture, 'f32');
  const tuned = useTuned(device, paths);
  const at = (name: string): string => folder(`${family}-${name}`);
  const effect = (): number => maxError(tuned().baseLogits, tuned().logits);

  it('onnx fp32', async () => {
    const exported = await exportTo(at('fp32'), tuned(), 'onnx', { quantization: 'fp32' });
    const { bytes, seconds } = exported;
    const allowed = fixture.tolerance('f32', 'logits');
    for (const logits of await inRuntime(exported.folder, paths.ids)) {
      const difference = maxError(logits, tuned().logits);
      const figure = { difference, allowed, effect: effect(), bytes, seconds };
      report({ program, model: family, export: 'onnx fp32', ...figure });
      expect(difference).toBeLessThanOrEqual(allowed);
      expect(allowed).toBeLessThan(figure.effect);
    }
  });

  if (!OPS.includes(family)) return;

  it('onnx fp16', async () => {
    const exported = await exportTo(at('fp16'), tuned(), 'onnx', { quantization: 'fp16' });
    const { bytes, seconds } = exported;
    // Each product rounds its weights, its input and its output.
    const rounding = Math.sqrt(3 * matrices(tuned())) * 2 ** -11;
    const allowed = SPREAD * rounding * largest(tuned().logits);
    for (const logits of await inRuntime(exported.folder, paths.ids)) {
      const difference = maxError(logits, tuned().logits);
      const figure = { difference, allowed, effect: effect(), bytes, seconds };
      report({ program, model: family, export: 'onnx fp16', ...figure });
      expect(difference).toBeLessThanOrEqual(allowed);
      expect(allowed).toBeLessThan(figure.effect);
    }
  });

  it('onnx q8', async () => {
    const exported = await exportTo(at('q8'), tuned(), 'onnx', { quantization: 'q8' });
    const { bytes, seconds } = exported;
    const { vocabulary, logits: ours } = tuned();
    const explained = explainedDivergence(tuned());
    const [whole = new Float32Array()] = await inRuntime(exported.folder, paths.ids);
    const diverging = (logits: ArrayLike<number>): number =>
      divergence(logProbabilities(ours, vocabulary), logProbabilities(logits, vocabulary), vocabulary);
    const figure = { divergence: diverging(whole), explained, bytes, seconds };
    report({ program, model: family, export: 'onnx q8', ...figure });
    expect(figure.divergence).toBeLessThanOrEqual(explained);
    expect(explained).toBeLessThan(diverging(tuned().baseLogits));
  });

  it.each(['q4', 'q4f16'] as const)(
    'onnx %s computes with the weights that its codes stand for',
    async (quantization) => {
      const exported = await exportTo(at(quantization), tuned(), 'onnx', { quantization });
      const { bytes, seconds } = exported;
      const { expected, allowed } = await logitsOfCodes(
        device(),
        tuned(),
        quantization,
        at(`${quantization}-merged`),
      );
      for (const logits of await inRuntime(exported.folder, paths.ids)) {
        const difference = maxError(logits, expected);
        const figure = { difference, allowed, effect: effect(), bytes, seconds };
        report({ program, model: family, export: `onnx ${quantization}, against its codes`, ...figure });
        expect(difference).toBeLessThanOrEqual(allowed);
      }
    },
  );
});

describe.each(['llama', 'qwen2', 'qwen3', 'lfm2'] as const)('%s in NF4', (family) => {
  const fixture = loadFixture(family);
  const paths = pathsOf(fixture, 'nf4');
  const tuned = useTuned(device, paths);

  it('onnx bnb4 is the trained model', async () => {
    const options = { quantization: 'bnb4' };
    const exported = await exportTo(folder(`${family}-bnb4`), tuned(), 'onnx', options);
    const { bytes, seconds } = exported;
    const allowed = fixture.tolerance('nf4', 'logits');
    for (const logits of await inRuntime(exported.folder, paths.ids)) {
      const difference = maxError(logits, tuned().logits);
      const effect = maxError(tuned().baseLogits, tuned().logits);
      const figure = { difference, allowed, effect, bytes, seconds };
      report({ program, model: `${family}, nf4`, export: 'onnx bnb4', ...figure });
      expect(difference).toBeLessThanOrEqual(allowed);
      expect(allowed).toBeLessThan(figure.effect);
    }
  });
});
