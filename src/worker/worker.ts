import { expose } from 'comlink';
import { Device } from '../gpu/device';
import { Engine } from '../session/engine';
import { BaseNames } from '../session/models/base_names';
import { databaseRuns } from '../storage/database_runs';
import type { FileStore } from '../storage/file_store';
import { KernelChoiceStore } from '../storage/kernel_choices';
import { memoryFiles } from '../storage/memory_files';
import { openOpfs } from '../storage/opfs';
import { databaseRecords } from '../storage/records';
import { scratchFiles } from '../storage/scratch_files';
import { registerErrorTransfer } from './errors';
import { RUNS_CHANNEL } from './channel';
import { encodingThreads } from './encoding_threads';
import type { PageEngine, PageServices } from './protocol';

registerErrorTransfer();

/** Announces to every tab, including this one, that the list of runs has changed. */
const changes = new BroadcastChannel(RUNS_CHANNEL);
let page: PageServices | undefined;
let files: Promise<FileStore> | undefined;
// Without file storage, the page downloads models each time; runs are stored nevertheless.
const store = (): Promise<FileStore> => (files ??= openOpfs().catch(() => memoryFiles()));
const { gpu } = navigator as Partial<WorkerNavigator>;

const engine: PageEngine = Object.assign(
  new Engine({
    openDevice: () => Device.open(gpu),
    tuning: { store: new KernelChoiceStore(databaseRecords('tunesmith-kernels', 'kernels')) },
    encodingThreads,
    runs: databaseRuns(),
    models: store,
    scratch: scratchFiles(store, navigator.locks),
    locks: navigator.locks,
    onRunsChange: () => changes.postMessage(undefined),
    persist: () => page?.persist() ?? Promise.resolve(false),
    storage: navigator.storage,
    baseNames: new BaseNames(databaseRecords('tunesmith-base-names', 'names')),
    hashes: databaseRecords('tunesmith-hashes', 'weights'),
    // The page passes its own address as the worker's name; the demo's files are there.
    page: self.name,
  }),
  { connect: (services: PageServices) => void (page = services) },
);
expose(engine);
// Files that can't be removed now are removed before the next export.
engine.adapter.removeLeftovers().catch(() => undefined);
