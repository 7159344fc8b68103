import type { Message } from '../core/messages/message';
import type { ModelFolder } from '../models/files';

/** Where models come from. */
export interface HubSettings {
  /** `https://huggingface.co`, a mirror with the same addresses, or ModelScope. */
  readonly endpoint: string;
  /** For gated models; sent only to the endpoint. */
  readonly token?: string;
}

/** Settings with the functions that reach the outside, so that tests can replace them. */
export interface Hub extends HubSettings {
  readonly fetch?: typeof fetch;
  /** Resolves after the given milliseconds; rejects with the signal's reason if it aborts. */
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
  /** SHA-256 of the content, in hexadecimal, if the endpoint gives it. */
  readonly sha256?: string;
  /** The content's git blob id (SHA-1), if the endpoint gives it. */
  readonly gitId?: string;
  /** The revision to download it at, if it is not the repository's commit. */
  readonly revision?: string;
}

export type RepositoryKind = 'model' | 'dataset';

/** A repository at one commit, as listed by an endpoint. */
export interface Repository {
  readonly repo: string;
  /** 'model' if it is absent. */
  readonly kind?: RepositoryKind;
  readonly endpoint: string;
  /** All files are downloaded at this commit, even if the branch changes. */
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
  readonly license?: string;
  /** Whether the owner must grant access: a token of an account with access is needed. */
  readonly gated: boolean;
}

/** A model that a search found. */
export interface HubModel {
  readonly repo: string;
  /** Number of weights, packed ones counted one by one, if the endpoint gives it. */
  readonly parameters?: number;
  /** Bytes of the weights, if the endpoint gives them. */
  readonly bytes?: number;
  readonly license?: string;
  readonly gated: boolean;
  readonly downloads: number;
  readonly likes: number;
  /** `model_type` of config.json, or `general.architecture` of a GGUF file. */
  readonly modelType?: string;
  /** The entry of `architectures` in config.json. */
  readonly architecture?: string;
  /** `quant_method` of a checkpoint that is stored quantised; 'gguf' if there are only GGUF files. */
  readonly quantization?: string;
  readonly tags: readonly string[];
}

export interface DownloadProgress {
  /** Bytes of all files that have arrived. */
  readonly bytes: number;
  readonly total: number;
  /** Over the last seconds; 0 while nothing arrives. */
  readonly bytesPerSecond: number;
  /** Undefined while no speed is known. */
  readonly etaSeconds?: number;
}

export interface DownloadOptions {
  /** Files to download, in the order in which they are needed. */
  readonly paths: readonly string[];
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Called with a note for the person that is no failure. */
  readonly onNote?: (note: Message) => void;
  readonly signal?: AbortSignal;
  /** Most requests at a time. */
  readonly connections?: number;
  /** Bytes of one request. */
  readonly pieceBytes?: number;
  /** A connection that brings nothing for this many milliseconds is aborted and retried. */
  readonly stallMilliseconds?: number;
}

/**
 * A running download. If it fails or is stopped, the parts that have arrived stay stored, and the next download
 * continues from them.
 */
export interface ModelDownload {
  /**
   * The files by their own names. They can be read while they arrive: a read resolves when its range has arrived. Trust
   * the bytes only after `done` has resolved, because only then are the hashes checked.
   */
  readonly folder: ModelFolder;
  /**
   * Resolves when all files are complete, their hashes are right, and so were all bytes read from `folder`. Rejects
   * with the signal's reason, or a TunesmithError: `download_reopen` if a file had to be downloaded again after parts
   * of it were read (all files are now complete: start over), else as `downloadModel` lists them.
   */
  readonly done: Promise<void>;
  /** Stops the download and removes its files from the store. */
  discardWeights(): Promise<void>;
}
