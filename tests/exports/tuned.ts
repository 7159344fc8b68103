import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { folderTarget } from '../../src/exports/targets/folder_target';
import { Device } from '../../src/gpu/device';
import { planExport } from '../../src/session/exports/exporting';
import { loadableFolder } from '../../src/session/models/loadable';
import { Session } from '../../src/session/session';
import { nodeFiles } from '../../src/storage/node_files';
import { gpu } from '../parity/dawn';
import type { Fixture, Variant } from '../parity/fixtures';
import { loadSettingsOf } from '../parity/load_fixture';

/** The results of base and adapter, and of the base alone. */
export interface Computed {
  /** Of base and adapter, [ids, vocabulary]. */
  readonly logits: Float64Array;
  /** Of the base alone. */
  readonly baseLogits: Float64Array;
}

/** A base and its adapter in an open session, and what they compute. */
export interface Tuned extends Computed {
  readonly session: Session;
  /** Token ids that the logits are for. */
  readonly ids: readonly number[];
  readonly vocabulary: number;
}

/** The device of a test file. */
export function useDevice(): () => Device {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await Device.open(gpu);
  });
  afterAll(() => device?.destroy());
  return () => device!;
}

/** A folder that is removed after the tests of a file. */
export function useFolder(): (name: string) => string {
  let folder: string | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunesmith-exports-'));
  });
  afterAll(() => (folder === undefined ? undefined : rm(folder, { recursive: true, force: true })));
  return (name) => {
    if (folder === undefined) throw new Error('the folder exists only while tests run');
    return join(folder, name);
  };
}

/** A base, an adapter over it, and the token ids to compute logits for. */
export interface TunedPaths {
  readonly base: string;
  readonly adapter: string;
  readonly variant: Variant;
  readonly ids: readonly number[];
  /** Their logits, if they are known; otherwise they are computed here. */
  readonly computed?: Computed;
}

/**
 * The paths of a fixture, with the example whose logits with and without the adapter PyTorch has computed. The parity suite
 * compares ours with them.
 */
export function pathsOf(fixture: Fixture, variant: Variant): TunedPaths & { readonly computed: Computed } {
  const { folder, adapterFolder, start, expected, exact } = fixture;
  // The fixture of PiSSA has what PEFT converts it to beside it.
  const adapter = start ? join(adapterFolder, '../converted') : adapterFolder;
  const [before, { input_ids: ids }] = [expected.batch[0]!, expected.batch[1]!];
  const baseLogits = exact(variant, 'base_logits');
  const begin = (before.input_ids.length * baseLogits.length) / ids.length;
  const logits = exact(variant, 'logits').subarray(begin, begin + baseLogits.length);
  return { base: folder, adapter, variant, ids, computed: { logits, baseLogits } };
}

/** Opens base and adapter before the tests of a block, and closes them after the last. */
export function useTuned(device: () => Device, paths: TunedPaths | (() => Promise<TunedPaths>)): () => Tuned {
  let tuned: Tuned | undefined;
  beforeAll(async () => {
    tuned = await openTuned(device(), typeof paths === 'function' ? await paths() : paths);
  });
  afterAll(() => {
    tuned?.session.closeModel();
  });
  return () => tuned!;
}

/** Opens base and adapter while `work` runs. */
export async function withTuned<T>(
  device: Device,
  paths: TunedPaths,
  work: (tuned: Tuned) => Promise<T>,
): Promise<T> {
  const tuned = await openTuned(device, paths);
  try {
    return await work(tuned);
  } finally {
    tuned.session.closeModel();
  }
}

async function openTuned(
  device: Device,
  { base, adapter, variant, ids, computed }: TunedPaths,
): Promise<Tuned> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const folder = await openFolder(base, 'model');
  await session.open(
    await loadableFolder(folder, { name: 'tiny', source: 'files' }, loadSettingsOf(variant)),
  );
  await session.importAdapter(await openFolder(adapter, 'adapter'));
  const { logits, baseLogits } = computed ?? (await compute(session, ids));
  return { session, ids, vocabulary: logits.length / ids.length, logits, baseLogits };
}

async function compute(session: Session, ids: readonly number[]): Promise<Computed> {
  const logits = async (): Promise<Float64Array> => Float64Array.from(await session.logits(ids));
  // With an adapter of zeros, the base runs in the same pipelines, which take longer to make than to run.
  return { logits: await logits(), baseLogits: await withBaseAlone({ session }, logits) };
}

/** An export that was written. */
export interface Exported {
  readonly folder: string;
  /** Their paths, in the order of writing. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** To plan and to write. */
  readonly seconds: number;
}

/**
 * Exports the tuned model of a session into a new folder. The export’s own check is left out: the programs that open it
 * are the judges here.
 */
export async function exportTo(
  folder: string,
  { session }: Pick<Tuned, 'session'>,
  format: string,
  options: Readonly<Record<string, string>> = {},
): Promise<Exported> {
  const began = performance.now();
  const plan = await planExport(session, format, options);
  const target = folderTarget(nodeFiles(folder));
  await target.write(plan.files);
  await target.commit();
  return {
    folder,
    files: plan.files.map(({ name }) => join(folder, name)),
    bytes: plan.files.reduce((sum, { size }) => sum + size, 0),
    seconds: (performance.now() - began) / 1000,
  };
}

/** Runs work with an adapter that changes nothing, so that an export is the base alone. */
export async function withBaseAlone<T>(
  { session }: Pick<Tuned, 'session'>,
  work: () => Promise<T>,
): Promise<T> {
  const tuned = session.requireTuned();
  session.setTuned({
    ...tuned,
    parameters: new Float32Array(tuned.parameters.length),
  });
  try {
    return await work();
  } finally {
    session.setTuned(tuned);
  }
}
