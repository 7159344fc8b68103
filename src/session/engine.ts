import type { FileStore } from '../storage/file_store';
import type { Locks } from '../storage/locks';
import type { RunStorage } from '../storage/run_storage';
import { Adapters } from './adapters';
import { Catalog } from './catalog';
import { Chats } from './chat/chats';
import { Examples } from './data/examples';
import { HubDatasets } from './data/hub_datasets';
import { Exclusive } from './exclusive';
import { KeptAdapters } from './kept_adapters';
import { ExportFolder } from './exports/export_folder';
import { ModelLibrary } from './models/library';
import { ModelOpener } from './models/opener';
import { Models } from './models/models';
import type { KnownHashes } from './models/loadable';
import { deviceReport, noDeviceReport, type DeviceReport } from './reports';
import type { SessionHost } from './session_device';
import { RunRecords } from './runs/run_records';
import { Runs } from './runs/runs';
import { Session } from './session';
import { Writing } from './writing/writing';
import { SavedModels } from './models/saved';

/** Services that only the page or the machine can offer. */
export interface EngineHost extends SessionHost {
  readonly runs: RunStorage;
  /** The store of bases and unfinished downloads. */
  models(): Promise<FileStore>;
  /** Undefined if there are no other tabs. */
  readonly locks: Locks | undefined;
  /** Asks the browser not to clear the storage. */
  persist(): Promise<boolean>;
  readonly storage: Pick<StorageManager, 'estimate' | 'persisted'>;
  /** Called after the list of runs has changed. */
  readonly onRunsChange?: () => void;
  /** Stores the hashes of weights on disk. */
  readonly hashes: KnownHashes;
  /** Address of the folder that contains `models` and `examples`, with a slash at the end. */
  readonly page: string;
}

/** All services over one session. While one of them uses the device, the others are refused. */
export class Engine {
  readonly models: Models;
  readonly catalog: Catalog;
  readonly saved: SavedModels;
  readonly examples: Examples;
  readonly datasets: HubDatasets;
  readonly runs: Runs;
  /** The adapters beside the open base. */
  readonly kept: KeptAdapters;
  readonly adapter: Adapters;
  readonly chats: Chats;
  readonly writing: Writing;
  readonly #session: Session;

  constructor(host: EngineHost) {
    const { locks, runs, storage, page, hashes, onRunsChange: onChange } = host;
    const session = new Session(host);
    const persist = (): Promise<boolean> => host.persist();
    const store = (): Promise<FileStore> => host.models();
    const library = new ModelLibrary(session, { store, locks, persist, hashes });
    const opener = new ModelOpener(library, page);
    const records = new RunRecords({ runs, bases: store, locks, persist, onChange });
    const exclusive = new Exclusive();
    const kept = new KeptAdapters(session, exclusive);
    const folder = new ExportFolder(store, locks);
    const adapters = new Adapters(session, exclusive, kept, folder, () => library.hub);
    const examples = new Examples(session, page);
    this.#session = session;
    this.models = new Models({ session, opener, exclusive });
    this.catalog = new Catalog(session, library, opener);
    this.saved = new SavedModels({ library, records, storage });
    this.examples = examples;
    this.datasets = new HubDatasets(() => library.hub);
    this.runs = new Runs({ session, library, opener, exclusive, records, examples, adapters });
    this.kept = kept;
    this.adapter = adapters;
    this.chats = new Chats(session.answering, exclusive, adapters);
    this.writing = new Writing(session, exclusive, adapters);
  }

  /** Reports the device. Never throws: a browser without a device has the kind 'none'. */
  async device(): Promise<DeviceReport> {
    try {
      return deviceReport(await this.#session.device());
    } catch (error) {
      return noDeviceReport(error);
    }
  }
}
