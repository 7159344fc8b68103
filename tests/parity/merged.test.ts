import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { blobReader } from '../../src/core/file_reader';
import { memoryTarget } from '../../src/exports/memory_target';
import { Device } from '../../src/gpu/device';
import { planExport, writeExport } from '../../src/session/exporting';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import {
  families,
  formats,
  loadFixture,
  loadFormat,
  maxError,
  type Family,
  type Fixture,
  type Variant,
} from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** Base and adapter in one, opened again, against base + adapter as PyTorch and PEFT compute them. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

async function modelOf({ folder }: Fixture): Promise<string> {
  const gguf = (await readdir(folder)).find((name) => name.endsWith('.gguf'));
  return gguf === undefined ? folder : join(folder, gguf);
}

async function openSession(path: string, variant: Variant): Promise<Session> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const identity = { name: 'tiny', source: 'files' as const };
  await session.openModel(await openFolder(path, 'model'), identity, loadSettingsOf(variant));
  return session;
}

/** The logits of the fixture's batch by its merged export in float32, and the names of the files. */
async function merged(
  fixture: Fixture,
  variant: Variant,
): Promise<{ readonly error: number; readonly files: readonly string[] }> {
  const session = await openSession(await modelOf(fixture), variant);
  const target = memoryTarget();
  try {
    await session.importAdapter(await openFolder(`${fixture.folder}/adapter`, 'adapter'));
    const options = { export_dtype: 'float32', max_shard_size: '60KB' };
    const plan = await planExport(session, 'merged', options);
    const { difference, allowed } = await writeExport(plan, target);
    expect(difference).toBeLessThanOrEqual(allowed);
    for (const { name, size } of plan.files) expect(target.files.get(name)!.size).toBe(size);
  } finally {
    session.closeModel();
  }
  const folder = new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
  const opened = new Session({ openDevice: () => Promise.resolve(device) });
  try {
    await opened.openModel(folder, { name: 'merged', source: 'files' }, loadSettingsOf('f32'));
    const exact = fixture.exact(variant, 'logits');
    const logits: number[] = [];
    for (const { input_ids } of fixture.expected.batch) logits.push(...(await opened.logits(input_ids)));
    return { error: maxError(logits, exact), files: [...target.files.keys()] };
  } finally {
    opened.closeModel();
  }
}

/** Its text part alone would not be the checkpoint that config.json describes. */
const WITH_TOWER = 'gemma3_conditional';

const cases = families
  .filter((family) => family !== WITH_TOWER)
  .flatMap((family) =>
    (['f32', 'nf4'] as const)
      .filter((variant) => loadFixture(family).variants.includes(variant))
      .map((variant): [Family, Variant] => [family, variant]),
  );

test('a merged export of a model with a tower is refused by name', async () => {
  await expect(merged(loadFixture(WITH_TOWER), 'f32')).rejects.toMatchObject({ code: 'export_unsupported' });
});

describe('a merged export gives the logits of base and adapter', () => {
  it.each(cases)('%s, %s', async (family, variant) => {
    const fixture = loadFixture(family);
    const { error } = await merged(fixture, variant);
    expect(error).toBeLessThanOrEqual(fixture.tolerance(variant, 'logits'));
  });

  it.each(formats)('of a base that is stored as %s', async (format) => {
    const fixture = loadFormat(format);
    const { error, files } = await merged(fixture, 'f32');
    expect(error).toBeLessThanOrEqual(fixture.tolerance('f32', 'logits'));
    expect(files.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(1);
    expect(files).toContain('model.safetensors.index.json');
  });
});
