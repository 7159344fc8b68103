import { expect, it } from 'vitest';
import { loadFixture, maxError, type Family } from '../../parity/fixtures';
import { divergence, logProbabilities } from '../logits';
import { logitsOfCodes } from '../onnxruntime_web/dequantised';
import { explainedDivergence } from '../onnxruntime_web/rounding';
import { report } from '../report';
import { useBrowser, type BrowserRequest } from '../transformers_js/browser';
import { exportTo, pathsOf, useDevice, useFolder, withTuned } from '../tuned';

/** ONNX exports in transformers.js in Chromium: in WASM, and on the GPU, which is software here. */

const device = useDevice();
const folder = useFolder();
const inBrowser = useBrowser(() => folder('.'));

/** Both devices with plain and with quantised weights; biases, qk-norm, and windows with GELU. */
it.each<[Family, 'fp32' | 'q4' | 'q8', BrowserRequest['device']]>([
  ['llama', 'fp32', 'wasm'],
  ['qwen2', 'q8', 'wasm'],
  ['qwen3', 'q4', 'webgpu'],
  ['gemma3', 'fp32', 'webgpu'],
])('%s, onnx %s on %s', async (family, dtype, on) => {
  const fixture = loadFixture(family);
  const paths = pathsOf(fixture, 'f32');
  const greedy = fixture.expected.variants.f32!.greedy.adapter;
  const name = `${family}-${dtype}-${on}`;
  await withTuned(device(), paths, async (tuned) => {
    await exportTo(folder(name), tuned, 'onnx', { quantization: dtype });
    const { ids } = paths;
    const request = { name, dtype, device: on, ids, prompt: ids, count: greedy.length };
    const { logits, greedy: answer, outside } = await inBrowser(request);
    expect(outside).toEqual([]);
    const figure = { program: `transformers.js, ${on}`, model: family, export: `onnx ${dtype}` };
    if (dtype === 'fp32') {
      const difference = maxError(logits, tuned.logits);
      const allowed = fixture.tolerance('f32', 'logits');
      report({ ...figure, difference, allowed, effect: maxError(tuned.baseLogits, tuned.logits) });
      expect(difference).toBeLessThanOrEqual(allowed);
      expect(answer).toEqual(greedy);
      return;
    }
    if (dtype === 'q4') {
      const { expected, allowed } = await logitsOfCodes(device(), tuned, dtype, folder(`${name}-merged`));
      const difference = maxError(logits, expected);
      const effect = maxError(tuned.baseLogits, tuned.logits);
      report({ ...figure, export: 'onnx q4, against its codes', difference, allowed, effect });
      expect(difference).toBeLessThanOrEqual(allowed);
      return;
    }
    const { vocabulary } = tuned;
    const [ours, theirs] = [tuned.logits, logits].map((each) => logProbabilities(each, vocabulary));
    const explained = explainedDivergence(tuned);
    const measured = divergence(ours!, theirs!, vocabulary);
    report({ ...figure, divergence: measured, explained });
    expect(measured).toBeLessThanOrEqual(explained);
  });
});
