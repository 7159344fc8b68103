import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { blobReader } from '../../src/core/file_reader';
import { inEnglish } from '../../src/core/messages/english';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import { readGgufHeader } from '../../src/formats/gguf';
import { Device } from '../../src/gpu/device';
import { loadableFolder } from '../../src/session/models/loadable';
import { planExport, writeExport, type PlannedExport } from '../../src/session/exports/exporting';
import { Adapters } from '../../src/session/adapters';
import type { ExportOptions } from '../../src/session/exports/offers';
import { Exclusive } from '../../src/session/exclusive';
import { KeptAdapters } from '../../src/session/kept_adapters';
import { ExportFolder } from '../../src/session/exports/export_folder';
import { memoryFiles } from '../../src/storage/memory_files';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { loadFixture, maxError, type Family, type Variant } from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** GGUF exports, opened again, against base + adapter as PyTorch and PEFT compute them. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

const newSession = (): Session => new Session({ openDevice: () => Promise.resolve(device) });

/** Runs work with a planned export of a family's fixture. */
async function withPlan<T>(
  family: Family,
  variant: Variant,
  quantization: string,
  work: (plan: PlannedExport) => Promise<T>,
): Promise<T> {
  const { folder, adapterFolder } = loadFixture(family);
  const session = newSession();
  try {
    const identity = { name: 'tiny', source: 'files' as const };
    await session.open(
      await loadableFolder(await openFolder(folder, 'model'), identity, loadSettingsOf(variant)),
    );
    await session.importAdapter(await openFolder(adapterFolder, 'adapter'));
    return await work(await planExport(session, 'gguf', { quantization }));
  } finally {
    session.closeModel();
  }
}

async function writtenFile(plan: PlannedExport) {
  const target = memoryTarget();
  const { difference, allowed } = await writeExport(plan, target);
  expect(difference).toBeLessThanOrEqual(allowed);
  const [name, blob] = [...target.files].find(([file]) => file.endsWith('.gguf'))!;
  return { file: blobReader(name, blob), files: target.files };
}

const cases: readonly (readonly [Family, Variant])[] = [
  ['llama', 'nf4'],
  ['qwen2', 'f32'],
  ['lfm2', 'f32'],
  ['ernie4_5', 'f32'],
  ['llama_linear', 'f32'],
];

describe('a GGUF export', () => {
  it.each(['gguf', 'gguf-lora'] as const)('is written and checked without a zip: %s', async (format) => {
    const { folder, adapterFolder } = loadFixture('llama');
    const session = newSession();
    const store = () => Promise.resolve(memoryFiles());
    const exports = new ExportFolder(store, undefined);
    const exclusive = new Exclusive();
    const kept = new KeptAdapters(session, exclusive);
    const adapters = new Adapters(session, exclusive, kept, exports, () => {
      throw new Error('no hub is asked');
    });
    try {
      const identity = { name: 'tiny', source: 'files' as const };
      const settings = loadSettingsOf('f32');
      await session.open(await loadableFolder(await openFolder(folder, 'model'), identity, settings));
      await session.importAdapter(await openFolder(adapterFolder, 'adapter'));
      const offers = await adapters.offers({ gguf: { quantization: 'F16' } }, 'en');
      const { alone } = offers.find((offer) => offer.format === format)!;
      const options: ExportOptions = format === 'gguf' ? { quantization: 'F16' } : {};
      const made = await adapters.export(format, options, 'en', undefined, undefined, undefined, true);
      expect(made.fileName).toBe(alone?.name);
      expect(made.zip?.size).toBe(alone?.bytes);
      const begin = new Uint8Array(await made.zip!.slice(0, 4).arrayBuffer());
      expect(new TextDecoder().decode(begin)).toBe('GGUF');
      expect(made.files.map(({ name }) => name)).toEqual([alone?.name]);
    } finally {
      session.closeModel();
    }
  });

  it.each(cases)('in F32 gives the logits of base and adapter: %s, %s', async (family, variant) => {
    const fixture = loadFixture(family);
    const { file } = await withPlan(family, variant, 'F32', writtenFile);
    const opened = newSession();
    try {
      const files = new Map([[file.name, file]]);
      await opened.open(
        await loadableFolder(files, { name: 'gguf', source: 'files' }, loadSettingsOf('f32')),
      );
      const logits: number[] = [];
      for (const { input_ids } of fixture.expected.batch) logits.push(...(await opened.logits(input_ids)));
      const exact = fixture.exact(variant, 'logits');
      expect(maxError(logits, exact)).toBeLessThanOrEqual(fixture.tolerance(variant, 'logits'));
      const { text, input_ids } = fixture.expected.chat!;
      expect(opened.model.tokenizer.encode(text)).toEqual(input_ids);
    } finally {
      opened.closeModel();
    }
  });

  it.each([
    ['F16', 'F16'],
    ['BF16', 'BF16'],
    ['Q8_0', 'Q8_0'],
    // The rows of a tiny model are no blocks of 256, so these are of smaller blocks.
    ['Q4_K_M', 'Q5_0'],
  ])('in %s has matrices of that type and vectors in F32', async (quantization, type) => {
    const { file } = await withPlan('llama', 'f32', quantization, writtenFile);
    const { tensors } = await readGgufHeader(file);
    for (const { type: own, shape } of tensors.values()) if (shape.length === 1) expect(own).toBe('F32');
    expect(tensors.get('blk.0.attn_q.weight')!.type).toBe(type);
  });

  it.each([
    ['mistral', /context length/],
    ['qwen2_sliding', /context length/],
  ] as const)('says up to which length llama.cpp computes the same: %s', async (family, note) => {
    const told = await withPlan(family, 'f32', 'F32', async (plan) => {
      await writtenFile(plan);
      return (plan.notes ?? []).map(inEnglish).join();
    });
    expect(told).toMatch(note);
  });

  it.each([
    ['smollm3', 'no_rope_layers'],
    ['gemma3', 'query_pre_attn_scalar'],
    ['glm', 'head_dim'],
    ['lfm2_bias', 'in_proj.bias'],
    ['llama_yarn', 'beta_fast'],
  ] as const)('is refused for a model that llama.cpp computes otherwise: %s', async (family, field) => {
    const refused = withPlan(family, 'f32', 'F32', () => Promise.resolve());
    await expect(refused).rejects.toMatchObject({
      code: 'gguf_unrunnable',
      message: expect.stringContaining(field) as string,
    });
  });

  it('has a Modelfile that names it, with the template and the ends of an answer', async () => {
    const { file, files } = await withPlan('qwen2', 'f32', 'F16', writtenFile);
    const modelfile = await files.get('Modelfile')!.text();
    expect(modelfile).toContain(`FROM ./${file.name}\n`);
    expect(modelfile).toContain('{{ range $i, $_ := .Messages }}');
    expect(modelfile).toMatch(/PARAMETER stop "<\|im_end\|>"/);
  });
});
