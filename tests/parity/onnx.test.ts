import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import type { ExportCheck } from '../../src/exports/format';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import { blobReader, type FileReader } from '../../src/core/file_reader';
import { openOnnx } from '../../src/onnx_runtime/open';
import { Device } from '../../src/gpu/device';
import { loadableFolder } from '../../src/session/models/loadable';
import { planExport, writeExport } from '../../src/session/exports/exporting';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { families, loadFixture, maxError, type Fixture, type Variant } from './fixtures';
import { loadSettingsOf } from './load_fixture';

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

interface Exported {
  readonly files: ReadonlyMap<string, FileReader>;
  readonly check: ExportCheck;
}

async function exported(
  { folder, adapterFolder }: Fixture,
  variant: Variant,
  quantization: string,
  change?: (files: ReadonlyMap<string, FileReader>) => Promise<ReadonlyMap<string, FileReader>>,
): Promise<Exported> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const identity = { name: 'tiny', source: 'files' as const };
  await session.open(
    await loadableFolder(await openFolder(folder, 'model'), identity, loadSettingsOf(variant)),
  );
  const target = memoryTarget();
  try {
    await session.importAdapter(await openFolder(adapterFolder, 'adapter'));
    const plan = await planExport(session, 'onnx', { quantization });
    const check = await writeExport(plan, target);
    const files = new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
    return { files, check: change ? await plan.check(await change(files), {}) : check };
  } finally {
    session.closeModel();
  }
}

/** Switches the rotation of queries and keys off in a written graph; its weights stay as they are. */
async function withoutRotation(
  files: ReadonlyMap<string, FileReader>,
): Promise<ReadonlyMap<string, FileReader>> {
  const name = Array.from(files.keys()).find((each) => each.endsWith('.onnx'))!;
  const graph = Buffer.from(await files.get(name)!.read(0, files.get(name)!.size));
  let switched = 0;
  for (let at = graph.indexOf('do_rotary'); at >= 0; at = graph.indexOf('do_rotary', at + 1)) {
    // AttributeProto: the name, then field 3 (i) as a varint.
    const value = graph.indexOf(Uint8Array.of(0x18, 1), at);
    graph[value + 1] = 0;
    switched++;
  }
  expect(switched).toBeGreaterThan(0);
  return new Map([...files, [name, blobReader(name, new Blob([graph]))]]);
}

/** The first tokens of each pass of a prompt of that length, and their ends. */
function passes(length: number): readonly (readonly [past: number, end: number])[] {
  const ends = [3, 8, ...Array.from({ length: length - 8 }, (_, index) => 9 + index)];
  return ends.map((end, index) => [ends[index - 1] ?? 0, end]);
}

test.each(families)(
  '%s in float32, prompts at once and token by token, through ONNX Runtime',
  async (family) => {
    const fixture = loadFixture(family);
    const { files } = await exported(fixture, 'f32', 'fp32');
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
  },
);

test.each(['qwen2', 'lfm2', 'dora/qwen2'] as const)('%s keeps every bit of a base in NF4', async (name) => {
  const fixture = loadFixture(name);
  const { files, check } = await exported(fixture, 'nf4', 'bnb4');
  expect(check).toMatchObject({ weightError: 0, sameTokens: { count: 16, of: 16 } });
  const decoder = await openOnnx(files, { device: 'wasm' });
  const logits: number[] = [];
  for (const { input_ids } of fixture.expected.batch) logits.push(...(await decoder.logits(input_ids)));
  await decoder.close();
  expect(maxError(logits, fixture.exact('nf4', 'logits'))).toBeLessThanOrEqual(
    fixture.tolerance('nf4', 'logits'),
  );
});

test('refuses a written graph that does not rotate', async () => {
  const checking = exported(loadFixture('llama'), 'f32', 'fp16', withoutRotation);
  await expect(checking).rejects.toMatchObject({ code: 'export_differs' });
});

test('bnb4: a graph that does not rotate differs by more than is allowed', async () => {
  const { check } = await exported(loadFixture('llama'), 'nf4', 'bnb4', withoutRotation);
  expect(check.difference).toBeGreaterThan(100 * check.allowed);
});

test('refuses bnb4 for a base that is not in NF4', async () => {
  await expect(exported(loadFixture('qwen2'), 'f32', 'bnb4')).rejects.toMatchObject({
    code: 'export_onnx_not_nf4',
  });
});
