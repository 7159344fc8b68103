import { homedir } from 'node:os';
import { join } from 'node:path';
import { HUGGING_FACE, normalizeEndpoint } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { isAddress, parseModelReference, requireModelReference } from '../core/model_reference';
import type { HubSettings } from '../hub/types';
import type { TuningOptions } from '../session/kernels';
import { BaseNames } from '../session/models/base_names';
import { ModelLibrary } from '../session/models/library';
import type { ModelOrigin } from '../session/models/sources';
import type { Session } from '../session/session';
import { KernelChoiceStore } from '../storage/kernel_choices';
import { nodeFiles } from '../storage/node_files';
import { nodeLocks } from '../storage/node_locks';
import { fileRecords } from '../storage/records';
import type { Arguments, OptionSpec } from './arguments';
import { isOnDisk, openFolder } from './files';
import { t } from './language';

export const MODEL_OPTION: OptionSpec = {
  value: 'MODEL',
  kind: 'text',
  required: true,
  help: t.cli.options.model,
};

/** Options for finding a model on a hub. */
export const HUB_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  endpoint: { value: 'URL', kind: 'text', help: t.cli.options.endpoint(HUGGING_FACE) },
  token: { value: 'TOKEN', kind: 'text', help: t.cli.options.token },
  cache_dir: {
    value: 'DIR',
    kind: 'text',
    help: t.cli.options.cacheDir,
  },
};

/** Options of a command that reads examples and opens no model of a hub. */
export const DATA_HUB_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  endpoint: HUB_OPTIONS.endpoint!,
  token: HUB_OPTIONS.token!,
};

export const REVISION_OPTION: OptionSpec = {
  value: 'REVISION',
  kind: 'text',
  help: t.cli.options.revision,
};

/** For commands that write an adapter: where a base from local files comes from. */
export const BASE_NAME_OPTION: Readonly<Record<string, OptionSpec>> = {
  base_model_name_or_path: { value: 'NAME', kind: 'text', help: t.cli.options.baseName },
};

/** Options for tuning kernels to the device. */
export const TUNING_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  tune: {
    value: '',
    kind: 'flag',
    help: t.cli.options.tune,
  },
  'no-tune': { value: '', kind: 'flag', help: t.cli.options.noTune },
};

/** Options of every command that opens a model. */
export const MODEL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  model: MODEL_OPTION,
  revision: REVISION_OPTION,
  ...HUB_OPTIONS,
  ...TUNING_OPTIONS,
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** The library for the folder and the hub that the arguments name. Throws `endpoint_invalid`. */
export function libraryOf(
  args: Arguments,
  session: Session,
  origin?: ModelOrigin,
  environment: Environment = process.env,
): ModelLibrary {
  const folder = cacheFolder(args, environment);
  const store = nodeFiles(folder);
  const library = new ModelLibrary(session, {
    store: () => Promise.resolve(store),
    locks: nodeLocks(join(folder, 'locks')),
    persist: () => Promise.resolve(true),
    hashes: fileRecords(store, 'hashes'),
  });
  const typed = origin?.kind === 'hub' ? origin.reference.endpoint : undefined;
  library.setHub(hubOf(args, typed, environment));
  return library;
}

/** The options for tuning kernels, whose results are stored beside the models; undefined with --no-tune. */
export function tuningOf(args: Arguments, environment: Environment = process.env): TuningOptions | undefined {
  if (args.flag('no-tune')) return undefined;
  const records = fileRecords(nodeFiles(cacheFolder(args, environment)), 'kernels');
  return { store: new KernelChoiceStore(records), software: args.flag('tune') };
}

/** Stores where the person says that bases come from, beside the models. */
export function baseNamesOf(args: Arguments, environment: Environment = process.env): BaseNames {
  return new BaseNames(fileRecords(nodeFiles(cacheFolder(args, environment)), 'base_names'));
}

/**
 * The hub that the arguments and the environment name. The environment's token belongs to Hugging Face or to the
 * environment's endpoint. If the arguments name another endpoint, it gets only a token from the arguments.
 *
 * @param address the site of a model's address
 */
export function hubOf(
  args: Pick<Arguments, 'text'>,
  address: string | undefined,
  environment: Environment,
): HubSettings {
  const ofEnvironment = environment.HF_ENDPOINT || HUGGING_FACE;
  const endpoint = args.text('endpoint') ?? address ?? ofEnvironment;
  const known = normalizeEndpoint(endpoint) === normalizeEndpoint(ofEnvironment);
  const token = args.text('token') ?? (known ? environment.HF_TOKEN : undefined);
  return token ? { endpoint, token } : { endpoint };
}

/**
 * The model that `--model` names: a path on the disk if it exists, else a model of a hub. Throws `folder_missing`,
 * `model_reference`.
 */
export async function modelOrigin(args: Arguments): Promise<ModelOrigin> {
  return await originOf(args.required('model'), args.text('revision'));
}

/** The model that a person has typed; throws as `modelOrigin`. */
export async function originOf(typed: string, revision?: string): Promise<ModelOrigin> {
  const isPath = /^([./\\~]|[a-z]:[\\/])/i.test(typed);
  const read = isAddress(typed) ? requireModelReference : parseModelReference;
  const reference = isPath ? undefined : read(typed);
  if (reference === undefined || (await isOnDisk(typed))) {
    if (revision !== undefined) {
      throw new TunesmithError({ code: 'revision_on_disk', values: { path: typed } });
    }
    const name = modelName(typed);
    return { kind: 'folder', identity: { name, source: 'files' }, folder: await openFolder(typed, 'model') };
  }
  return { kind: 'hub', reference: revision === undefined ? reference : { ...reference, revision } };
}

/** The name of a local model in an export: as typed, so that PEFT finds it from the same folder. */
export function modelName(path: string): string {
  return path.replace(/(?<=.)[\\/]+$/, '');
}

function cacheFolder(args: Pick<Arguments, 'text'>, { XDG_CACHE_HOME }: Environment): string {
  return args.text('cache_dir') ?? join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tunesmith');
}
