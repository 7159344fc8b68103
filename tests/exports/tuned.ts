import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { folderTarget } from '../../src/exports/targets/folder_target';
import { Device } from '../../src/gpu/device';
import { planExport, writeExport } from '../../src/session/exports/exporting';
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
export function useDevice(): { readonly open: () => Device } {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await Device.open(gpu);
  });
  afterAll(() => device?.destroy());
  return { open: () => device! };
}

/** A folder that is removed after the tests of a file. */
export function useFolder(): (name: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunesmith-exports-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** A fixture’s base, an adapter over it, and the token ids to compute logits for. */
export interface TunedPaths {
  readonly base: string;
  readonly adapter: string;
  readonly variant: Variant;
  readonly ids: readonly number[];
}

/** The paths of a fixture, with the longest of its examples. */
export function pathsOf({ folder, adapterFolder, start, expected }: Fixture, variant: Variant): TunedPaths {
  const ids = expected.batch.map(({ input_ids }) => input_ids).sort((a, b) => b.length - a.length)[0]!;
  // The fixture of PiSSA has what PEFT converts it to beside it.
  const adapter = start ? join(adapterFolder, '../converted') : adapterFolder;
  return { base: folder, adapter, variant, ids };
}

/** Opens base and adapter while `work` runs. */
export async function withTuned<T>(
  device: Device,
  { base, adapter, variant, ids }: TunedPaths,
  work: (tuned: Tuned) => Promise<T>,
): Promise<T> {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  try {
    const folder = await openFolder(base, 'model');
    await session.open(
      await loadableFolder(folder, { name: 'tiny', source: 'files' }, loadSettingsOf(variant)),
    );
    const baseLogits = await session.logits(ids);
    await session.importAdapter(await openFolder(adapter, 'adapter'));
    const logits = await session.logits(ids);
    return await work({ session, ids, vocabulary: logits.length / ids.length, logits, baseLogits });
  } finally {
    session.closeModel();
  }
}

/** An export that was written and checked. */
export interface Exported {
  readonly folder: string;
  /** Their paths, in the order of writing. */
  readonly files: readonly string[];
  /** Of the export’s own check. */
  readonly difference: number | null;
  readonly bytes: number;
  readonly seconds: number;
}

/** Exports the tuned model of a session into a new folder; the export reads its files back and checks them. */
export async function exportTo(
  folder: string,
  { session }: Tuned,
  format: string,
  options: Readonly<Record<string, string>> = {},
): Promise<Exported> {
  const began = performance.now();
  const plan = await planExport(session, format, options);
  const { difference } = await writeExport(plan, folderTarget(nodeFiles(folder)));
  return {
    folder,
    files: plan.files.map(({ name }) => join(folder, name)),
    difference,
    bytes: plan.files.reduce((sum, { size }) => sum + size, 0),
    seconds: (performance.now() - began) / 1000,
  };
}
