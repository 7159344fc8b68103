import type { Message } from '../core/messages/message';
import type { ModelFolder } from '../models/files';

/** Where models come from. */
export interface HubSettings {
  /** `https://huggingface.co`, a mirror that speaks its addresses, or ModelScope. */
  readonly endpoint: string;
  /** For gated models; goes to the endpoint and nowhere else. */
  readonly token?: string;
}

/** Settings with what reaches the world, so that tests can stand in for it. */
export interface Hub extends HubSettings {
  readonly fetch?: typeof fetch;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that aborts. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds, as `Date.now`. */
  readonly now?: () => number;
  /** In [0, 1), as `Math.random`. */
  readonly random?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A file of a repository at one commit. */
export interface RepositoryFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, in hexadecimal; where the endpoint tells it. */
  readonly sha256?: string;
  /** The content's git blob id (SHA-1), where the endpoint tells it. */
  readonly gitId?: string;
  /** The revision to fetch it at, where that is not the repository's commit. */
  readonly revision?: string;
}

/** A repository at one commit, as listed by an endpoint. */
export interface Repository {
  readonly repo: string;
  readonly endpoint: string;
  /** All files are fetched at this commit, whatever becomes of the branch. */
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
  readonly license?: string;
  /** The owner wants to be asked: a token of an account that was let in is needed. */
  readonly gated: boolean;
}

/** A model that a search found. */
export interface HubModel {
  readonly repo: string;
  /** Weights, with packed ones counted one by one; where the endpoint tells. */
  readonly parameters?: number;
  /** Bytes of the weights; where the endpoint tells. */
  readonly bytes?: number;
  readonly license?: string;
  readonly gated: boolean;
  readonly downloads: number;
  readonly likes: number;
  /** `model_type` of config.json, or `general.architecture` of a GGUF file. */
  readonly modelType?: string;
  /** As in `architectures` of config.json. */
  readonly architecture?: string;
  /** `quant_method` of a checkpoint that is stored quantised; 'gguf' where there are GGUF files alone. */
  readonly quantization?: string;
  readonly tags: readonly string[];
}

export interface DownloadProgress {
  /** Bytes of all files that are here. */
  readonly bytes: number;
  readonly total: number;
  /** Over the last seconds; 0 while nothing arrives. */
  readonly bytesPerSecond: number;
  /** Undefined while there is no speed to tell it from. */
  readonly etaSeconds?: number;
}

export interface DownloadOptions {
  /** Files to fetch, in the order in which they are wanted. */
  readonly paths: readonly string[];
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Something that a person should know and that is no failure. */
  readonly onNote?: (note: Message) => void;
  readonly signal?: AbortSignal;
  /** Requests at a time. */
  readonly connections?: number;
  /** Bytes asked for at a time. */
  readonly pieceBytes?: number;
  /** A connection that brings nothing for so many milliseconds is cut and tried again. */
  readonly stallMilliseconds?: number;
}

/** A download under way. What has arrived stays stored when it fails or is stopped; the next one goes on from there. */
export interface ModelDownload {
  /**
   * The files by their own names, to be read while they arrive: a read resolves when its range is here. What is read
   * counts only once `done` has resolved: until then it may be wrong.
   */
  readonly folder: ModelFolder;
  /**
   * Resolves when all files are whole and their hashes are right, and what was read from `folder` was so too. Rejects
   * with the signal's reason, or a TunesmithError: `download_reopen` if a file had to be fetched again after parts of
   * it were read (everything is here now: begin anew), else as `downloadModel` lists them.
   */
  readonly done: Promise<void>;
  /** Stops what is under way and removes the weights (and what else was fetched) from the store. */
  discardWeights(): Promise<void>;
}
