import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { floatsOf } from '../../src/core/dtype';
import { TunesmithError } from '../../src/core/errors';
import { blobReader, type FileReader } from '../../src/core/file_reader';
import { inEnglish } from '../../src/core/messages/english';
import { message, type Told } from '../../src/core/messages/message';
import type { MeasuredOriginals } from '../../src/exports/merged/originals';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { readJson } from '../../src/models/folder';
import { readTensorFiles } from '../../src/models/shards';
import { loadableFolder, type LoadableModel } from '../../src/session/models/loadable';
import { planExport, writeExport, type PlannedExport } from '../../src/session/exports/exporting';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import {
  adapted,
  families,
  formats,
  loadFixture,
  loadFormat,
  maxError,
  modelPath,
  type Adapted,
  type Family,
  type Fixture,
  type Format,
  type Variant,
} from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** Base and adapter in one, opened again, against base + adapter as PyTorch and PEFT compute them. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

async function openSession(
  path: string,
  variant: Variant,
  change: Partial<LoadableModel> = {},
): Promise<Session> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const identity = { name: 'tiny', source: 'files' as const };
  const loadable = await loadableFolder(await openFolder(path, 'model'), identity, loadSettingsOf(variant));
  await session.open({ ...loadable, ...change });
  return session;
}

interface Merged {
  /** The largest difference between the logits of the fixture's batch and those of its merged export in float32. */
  readonly error: number;
  readonly files: ReadonlyMap<string, FileReader>;
  readonly notes: readonly Told[];
  readonly measured: MeasuredOriginals | undefined;
}

/** @param change what happens to the open base before it is exported */
async function merged(
  fixture: Fixture,
  variant: Variant,
  {
    adapter = fixture.adapterFolder,
    change,
    base = 'trained',
  }: {
    readonly adapter?: string;
    readonly change?: (session: Session) => void;
    readonly base?: 'trained' | 'original';
  } = {},
): Promise<Merged> {
  const session = await openSession(modelPath(fixture), variant);
  const target = memoryTarget();
  let notes: readonly Told[];
  let measured: MeasuredOriginals | undefined;
  try {
    change?.(session);
    await session.importAdapter(await openFolder(adapter, 'adapter'));
    const options = { export_dtype: 'float32', max_shard_size: '60KB', export_base: base };
    const plan = await planExport(session, 'merged', options);
    notes = plan.notes ?? [];
    const { difference, allowed, measured: apart } = await writeExport(plan, target);
    expect(difference ?? 0).toBeLessThanOrEqual(allowed);
    measured = apart;
    if (apart) expect(await plan.measure?.()).toEqual([message('export_originals_measured', { ...apart })]);
    for (const { name, size } of plan.files) expect(target.files.get(name)!.size).toBe(size);
  } finally {
    session.closeModel();
  }
  const files = new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
  const opened = new Session({ openDevice: () => Promise.resolve(device) });
  try {
    await opened.open(
      await loadableFolder(files, { name: 'merged', source: 'files' }, loadSettingsOf('f32')),
    );
    const exact = fixture.exact(base === 'original' ? 'f32' : variant, 'logits');
    const logits: number[] = [];
    for (const { input_ids } of fixture.expected.batch) logits.push(...(await opened.logits(input_ids)));
    return { error: maxError(logits, exact), files, notes, measured };
  } finally {
    opened.closeModel();
  }
}

describe('a device without room beside the base', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('frees the base to compare logits, and loads it again', async () => {
    const fixture = loadFixture('qwen2');
    const session = await openSession(modelPath(fixture), 'nf4');
    try {
      await session.importAdapter(await openFolder(fixture.adapterFolder, 'adapter'));
      const before = await session.logits([1, 2, 3]);
      const plan = await planExport(session, 'merged', { export_dtype: 'float32' });
      const { buffers } = device;
      const create = buffers.create.bind(buffers);
      const open = buffers.allocated.get('base') ?? 0;
      let refused = 0;
      vi.spyOn(buffers, 'create').mockImplementation((purpose, ...rest) => {
        if (purpose !== 'base' || refused > 0 || (buffers.allocated.get('base') ?? 0) < open)
          return create(purpose, ...rest);
        refused++;
        throw new TunesmithError({ code: 'gpu_out_of_memory' });
      });
      const { difference, allowed } = await writeExport(plan, memoryTarget());
      expect(difference).toBeLessThanOrEqual(allowed);
      expect(refused).toBe(1);
      expect(await session.logits([1, 2, 3])).toEqual(before);
    } finally {
      session.closeModel();
    }
  });
});

const cases = families.flatMap((family) =>
  (['f32', 'nf4'] as const)
    .filter((variant) => loadFixture(family).variants.includes(variant))
    .map((variant): [Family, Variant] => [family, variant]),
);

describe('a merged export of a model with a tower', () => {
  const fixture = loadFixture('gemma3_conditional');
  const configOf = async ({ files }: Merged) =>
    (await readJson(files.get('config.json')!)) as Record<string, unknown>;

  it('is the whole model if its files are here, and the tower’s bytes are theirs', async () => {
    const whole = await merged(fixture, 'f32');
    expect(whole.notes).toEqual([]);
    expect(await configOf(whole)).toMatchObject({
      architectures: ['Gemma3ForConditionalGeneration'],
      torch_dtype: 'float32',
    });
    const source = await readTensorFiles(await openFolder(fixture.folder, 'model'));
    const written = (await readTensorFiles(whole.files))!.tensors;
    expect([...written.keys()].sort()).toEqual([...source!.tensors.keys()].sort());
    const ofTower = [...source!.tensors.values()].filter(({ name }) => name.startsWith('vision_tower.'));
    expect(ofTower.length).toBeGreaterThan(0);
    for (const { name, file, begin, end } of ofTower) {
      const copy = written.get(name)!;
      expect(await copy.file.read(copy.begin, copy.end)).toEqual(await file.read(begin, end));
    }
  });

  it('is its text as a model of its own if they are not, and says so', async () => {
    const change = (session: Session) => session.replaceLoadable({ ...session.loadable, towers: undefined });
    const text = await merged(fixture, 'nf4', { change });
    expect(text.error).toBeLessThanOrEqual(fixture.tolerance('nf4', 'logits'));
    expect(text.notes.map(inEnglish).join()).toContain('image part');
    expect(await configOf(text)).toMatchObject({
      architectures: ['Gemma3ForCausalLM'],
      model_type: 'gemma3_text',
      eos_token_id: 2,
      tie_word_embeddings: true,
    });
    const { tensors } = (await readTensorFiles(text.files))!;
    for (const name of tensors.keys()) expect(name).toMatch(/^model\.(embed_tokens|layers|norm)\./);
  });
});

describe('a merged export on the original weights', () => {
  it.each<[Family | Adapted]>([['gemma3'], ['dora/qwen2']])(
    'gives the logits of the unquantised base and the adapter: %s',
    async (family) => {
      const fixture = loadFixture(family);
      const { error, measured } = await merged(fixture, 'nf4', { base: 'original' });
      expect(error).toBeLessThanOrEqual(fixture.tolerance('f32', 'logits'));
      // NF4 rounds normally distributed weights by about 9 %.
      expect(measured!.base).toBeGreaterThan(0.05);
      expect(measured!.base).toBeLessThan(0.15);
      expect(measured!.adapter).toBeGreaterThan(0);
    },
  );

  it('is refused if the files are gone, until they are given, and files of another model are refused', async () => {
    const fixture = loadFixture('qwen3');
    const session = await openSession(fixture.folder, 'nf4', { stored: undefined });
    try {
      await session.importAdapter(await openFolder(fixture.adapterFolder, 'adapter'));
      const options = { export_base: 'original', export_dtype: 'float32' };
      await expect(planExport(session, 'merged', options)).rejects.toMatchObject({
        code: 'export_originals_missing',
      });
      const other = openFolder(loadFixture('llama').folder, 'model');
      await expect(session.giveOriginals(await other)).rejects.toMatchObject({
        code: 'export_originals_differ',
      });
      await session.giveOriginals(await openFolder(fixture.folder, 'model'));
      const { measured } = await writeExport(await planExport(session, 'merged', options), memoryTarget());
      expect(measured!.base).toBeGreaterThan(0.05);
    } finally {
      session.closeModel();
    }
  });
});

describe('a merged export gives the logits of base and adapter', () => {
  it.each(cases)('%s, %s', async (family, variant) => {
    const fixture = loadFixture(family);
    const { error } = await merged(fixture, variant);
    expect(error).toBeLessThanOrEqual(fixture.tolerance(variant, 'logits'));
  });

  const ofOtherKinds = adapted.flatMap((name) =>
    loadFixture(name).variants.map((variant): [Adapted, Variant] => [name, variant]),
  );

  it.each(ofOtherKinds)('of another kind: %s, %s', async (name, variant) => {
    const fixture = loadFixture(name);
    // PiSSA is merged as what PEFT converts it to.
    const adapter = fixture.start ? join(fixture.adapterFolder, '../converted') : fixture.adapterFolder;
    const { error } = await merged(fixture, variant, { adapter });
    expect(error).toBeLessThanOrEqual(fixture.tolerance(variant, 'logits'));
  });

  it.each(formats)('of a base that is stored as %s', async (format) => {
    const fixture = loadFormat(format);
    const { error, files } = await merged(fixture, 'f32');
    expect(error).toBeLessThanOrEqual(fixture.tolerance('f32', 'logits'));
    const names = [...files.keys()];
    expect(names.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(1);
    expect(names).toContain('model.safetensors.index.json');
  });
});

/** Opens a base with an adapter and plans its merged export. */
async function planned(
  fixture: Fixture,
  adapter: string,
  options: Readonly<Record<string, string>>,
): Promise<{ readonly session: Session; readonly plan: PlannedExport }> {
  const session = await openSession(modelPath(fixture), 'f32');
  await session.importAdapter(await openFolder(adapter, 'adapter'));
  return { session, plan: await planExport(session, 'merged', options) };
}

describe('the weights of a merged export', () => {
  it.each(['lora', 'dora'])(
    'are those of PEFT’s merge_and_unload with %s, ranks and alphas by pattern',
    async (kind) => {
      const folder = fileURLToPath(new URL(`fixtures/merged/${kind}/`, import.meta.url));
      const options = { export_dtype: 'float32', max_shard_size: '60KB' };
      const { session, plan } = await planned(loadFixture('qwen3'), `${folder}adapter`, options);
      const target = memoryTarget();
      try {
        await writeExport(plan, target);
      } finally {
        session.closeModel();
      }
      const files = new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
      const { tensors } = (await readTensorFiles(files))!;
      // A tied head is the embedding, which is there once.
      expect(tensors.has('lm_head.weight')).toBe(false);
      const expected = readTensors(await readFile(`${folder}expected.safetensors`)).tensors;
      expect(expected.size).toBe(3);
      for (const [name, { data }] of expected) {
        const { file, begin, end } = tensors.get(name)!;
        const ours = floatsOf('F32', await file.read(begin, end));
        const theirs = Float64Array.from(floatsOf('F32', data.slice()));
        // Both round a sum in float64 to float32 once; DoRA's norms are of weights that were rounded before.
        const most = theirs.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
        expect(maxError(ours, theirs)).toBeLessThanOrEqual(most * 2 ** -22);
      }
    },
  );

  it.each<[Family | Format, string]>([
    ['lfm2', 'float16'],
    ['lfm2_bias', 'bfloat16'],
    ['gguf_llama_k', 'bfloat16'],
    ['gguf_qwen2', 'float16'],
  ])('of %s may be rounded to %s', async (name, export_dtype) => {
    const fixture = isFormat(name) ? loadFormat(name) : loadFixture(name);
    const { session, plan } = await planned(fixture, fixture.adapterFolder, { export_dtype });
    try {
      const { difference, allowed } = await writeExport(plan, memoryTarget());
      expect(difference).toBeLessThanOrEqual(allowed);
    } finally {
      session.closeModel();
    }
  });

  it('are refused in bfloat16 if the adapter is another one, by less than logits in bfloat16 tell', async () => {
    const fixture = loadFixture('qwen3');
    const { session, plan } = await planned(fixture, fixture.adapterFolder, { export_dtype: 'bfloat16' });
    try {
      const tuned = session.requireTuned();
      session.setTuned({ ...tuned, parameters: tuned.parameters.map((value) => 0.98 * value) });
      await expect(writeExport(plan, memoryTarget())).rejects.toMatchObject({
        code: 'export_differs',
        detail: expect.stringContaining('q_proj') as string,
      });
    } finally {
      session.closeModel();
    }
  });
});

function isFormat(name: Family | Format): name is Format {
  return (formats as readonly string[]).includes(name);
}
