import { expose } from 'comlink';
import { Device } from '../gpu/device';
import { Engine } from '../session/engine';
import { databaseRuns } from '../storage/database_runs';
import type { FileStore } from '../storage/file_store';
import { KernelChoiceStore } from '../storage/kernel_choices';
import { memoryFiles } from '../storage/memory_files';
import { openOpfs } from '../storage/opfs';
import { databaseRecords } from '../storage/records';
import { registerErrorTransfer } from './errors';
import { RUNS_CHANNEL } from './channel';
import type { PageEngine, PageServices } from './protocol';

registerErrorTransfer();

/** Tells every tab, this one too, that the list of runs is another now. */
const changes = new BroadcastChannel(RUNS_CHANNEL);
let page: PageServices | undefined;
let files: Promise<FileStore> | undefined;
const { gpu } = navigator as Partial<WorkerNavigator>;

const engine: PageEngine = Object.assign(
  new Engine({
    openDevice: () => Device.open(gpu),
    tuning: { store: new KernelChoiceStore(databaseRecords('tunesmith-kernels', 'kernels')) },
    runs: databaseRuns(),
    // Without files of its own, a page fetches models anew each time; its runs are kept all the same.
    models: () => (files ??= openOpfs().catch(() => memoryFiles())),
    locks: navigator.locks,
    onRunsChange: () => changes.postMessage(undefined),
    persist: () => page?.persist() ?? Promise.resolve(false),
    storage: navigator.storage,
    hashes: databaseRecords('tunesmith-hashes', 'weights'),
    // The page names the worker after its own address: that is where the demo's files lie.
    page: self.name,
  }),
  { connect: (services: PageServices) => void (page = services) },
);
expose(engine);
// What can't be removed now is removed before the next export.
engine.adapter.removeLeftovers().catch(() => undefined);
