import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import { blobReader, type FileReader } from '../../src/core/file_reader';
import { openOnnx } from '../../src/onnx_runtime/open';
import { Device } from '../../src/gpu/device';
import { loadableFolder } from '../../src/session/models/loadable';
import { planExport, writeExport } from '../../src/session/exports/exporting';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { families, loadFixture, maxError } from './fixtures';
import { loadSettingsOf } from './load_fixture';

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

async function exported(
  folder: string,
  adapter: string,
  quantization: string,
): Promise<ReadonlyMap<string, FileReader>> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const identity = { name: 'tiny', source: 'files' as const };
  await session.open(
    await loadableFolder(await openFolder(folder, 'model'), identity, loadSettingsOf('f32')),
  );
  const target = memoryTarget();
  try {
    await session.importAdapter(await openFolder(adapter, 'adapter'));
    await writeExport(await planExport(session, 'onnx', { quantization }), target);
  } finally {
    session.closeModel();
  }
  return new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
}

/** The first tokens of each pass of a prompt of that length, and their ends. */
function passes(length: number): readonly (readonly [past: number, end: number])[] {
  const ends = [3, 8, ...Array.from({ length: length - 8 }, (_, index) => 9 + index)];
  return ends.map((end, index) => [ends[index - 1] ?? 0, end]);
}

test.each(families)('%s', async (family) => {
  const fixture = loadFixture(family);
  const files = await exported(fixture.folder, fixture.adapterFolder, 'fp32');
  const decoder = await openOnnx(files, { device: 'wasm' });
  const exact = fixture.exact('f32', 'logits');
  const vocabulary =
    exact.length / fixture.expected.batch.reduce((sum, { input_ids }) => sum + input_ids.length, 0);
  const rows: number[] = [];
  let first = 0;
  const whole: number[] = [];
  const last: number[] = [];
  for (const { input_ids } of fixture.expected.batch) {
    whole.push(...(await decoder.logits(input_ids)));
    // A prompt in two parts, then one token at a time.
    for (const [past, end] of passes(input_ids.length)) {
      last.push(...(await decoder.next(input_ids.slice(past, end), past)));
      rows.push(...exact.subarray((first + end - 1) * vocabulary, (first + end) * vocabulary));
    }
    first += input_ids.length;
  }
  await decoder.close();
  const tolerance = fixture.tolerance('f32', 'logits');
  expect(maxError(whole, exact)).toBeLessThanOrEqual(tolerance);
  expect(maxError(last, rows)).toBeLessThanOrEqual(tolerance);
});
