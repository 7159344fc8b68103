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

/** A base and its adapter in an open session, and what they compute. */
export interface Tuned {
  readonly session: Session;
  /** Token ids that the logits are for. */
  readonly ids: readonly number[];
  readonly vocabulary: number;
  /** Of base and adapter, [ids, vocabulary]. */
  readonly logits: Float32Array;
  /** Of the base alone. */
  readonly baseLogits: Float32Array;
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

/** A fixture’s base, an adapter over it, and the token ids to compute logits for. */
export interface TunedPaths {
  readonly base: string;
  readonly adapter: string;
  readonly variant: Variant;
  readonly ids: readonly number[];
}

/** The paths of a fixture, with its first example to compute logits for. */
export function pathsOf({ folder, adapterFolder, start, expected }: Fixture, variant: Variant): TunedPaths {
  // The fixture of PiSSA has what PEFT converts it to beside it.
  const adapter = start ? join(adapterFolder, '../converted') : adapterFolder;
  return { base: folder, adapter, variant, ids: expected.batch[0]!.input_ids };
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

async function openTuned(device: Device, { base, adapter, variant, ids }: TunedPaths): Promise<Tuned> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const folder = await openFolder(base, 'model');
  await session.open(
    await loadableFolder(folder, { name: 'tiny', source: 'files' }, loadSettingsOf(variant)),
  );
  const baseLogits = await session.logits(ids);
  await session.importAdapter(await openFolder(adapter, 'adapter'));
  const logits = await session.logits(ids);
  return { session, ids, vocabulary: logits.length / ids.length, logits, baseLogits };
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
  { session }: Tuned,
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
export async function withoutAdapter<T>({ session }: Tuned, work: () => Promise<T>): Promise<T> {
  const tuned = session.requireTuned();
  session.setTuned({ ...tuned, parameters: new Float32Array(tuned.parameters.length) });
  try {
    return await work();
  } finally {
    session.setTuned(tuned);
  }
}

/** The logits of a complete model in a folder, in float32. */
export async function logitsOf(device: Device, path: string, ids: readonly number[]): Promise<Float32Array> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  try {
    const identity = { name: 'other', source: 'files' as const };
    const folder = await openFolder(path, 'model');
    await session.open(await loadableFolder(folder, identity, loadSettingsOf('f32')));
    return await session.logits(ids);
  } finally {
    session.closeModel();
  }
}
