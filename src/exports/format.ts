import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import type { Language } from '../core/messages/languages';
import type { Message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import type { ExampleList } from '../data/example_list';
import type { Sample } from '../data/records';
import type { Checkpoint, StoredTowers } from '../models/files';
import type { ModelFolder } from '../models/folder';
import type { ModelLayout } from '../models/layout';
import type { Adapter } from '../models/adapter';
import type { AdapterLayout, AdapterState } from '../models/adapters/layout';
import type { Model } from '../models/model';
import type { CardRun } from './card/model_card';
import type { RowEncoder } from './encoding/row_encoder';
import type { FormatName } from './facts';
import type { ExportUse } from './use';
import type { BaseUse } from './card/base_use';
import type { SmallFacts } from './card/small_files';
import type { FetchOptions, MeasuredOriginals, Originals } from './merged/originals';

export type { ExportUse };

/** A file of an export. Its size is known before its contents. */
export interface ExportFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes from the start, in parts of a few megabytes. */
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The result of reading an export back and comparing it with its source. */
export interface ExportCheck {
  /** The findings for the person, a sentence each. */
  readonly checked: readonly Message[];
  /** The largest difference between the logits of both; null if the program that runs the files has no room for them. */
  readonly difference: number | null;
  /** The difference that rounding to the format's precision explains. 0: both must be equal to the bit. */
  readonly allowed: number;
  /** For a model on its original base: how far that base is from the one that the adapter was trained on. */
  readonly measured?: MeasuredOriginals | undefined;
  /**
   * The part of the adapter's change of the weights that the files have: 1 if nothing of it is lost. Absent if the
   * change is too small to be measured, or if the files hold the adapter itself.
   */
  readonly share?: number;
  /** Relative size of what rounding changed in the matrices. */
  readonly weightError?: number;
  /** Of the compared tokens, those after which both have the same likeliest token. */
  readonly sameTokens?: { readonly count: number; readonly of: number };
}

export interface CheckOptions {
  /** Called from time to time with the fraction that is done. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Stops within a second or two. */
  readonly signal?: AbortSignal | undefined;
}

/** The file of an export that programs run without the others. */
export interface AloneFile {
  readonly name: string;
  /** Small files that some programs need beside it, for a person to copy. */
  readonly beside?: readonly { readonly name: string; readonly text: string }[];
}

/** The files of an export, known before any is written. */
export interface ExportPlan {
  /** In the order of writing. The file by which other programs recognise a complete folder comes last. */
  readonly files: readonly ExportFile[];
  /** Notes for the person. */
  readonly notes?: readonly Message[];
  /** How to run the files, the usual program first. */
  readonly uses?: readonly ExportUse[];
  readonly alone?: AloneFile;
  /** Runs the writing and checking with sources open that it needs, such as files to download. */
  readonly within?: <T>(work: () => Promise<T>, options: FetchOptions) => Promise<T>;
  /** Notes that take some reading of weights, before anything is written; absent if there are none without a download. */
  readonly measure?: (() => Promise<readonly Message[]>) | undefined;
  /** Compares the written files with their source. Throws `export_differs`, and the signal's reason. */
  readonly check: (written: ModelFolder, options: CheckOptions) => Promise<ExportCheck>;
}

/** An option of an export; its value is text. */
export interface ExportOption {
  readonly name: string;
  /** Placeholder for its value in a help page: SIZE. */
  readonly value: string;
  /** Its name on the page; absent if the name itself is what people know: max_shard_size. */
  readonly label?: Message;
  readonly help: Message;
  /** All values, if there are few. */
  readonly choices?: readonly string[];
  /** Words for choices whose names alone don’t say what they are. */
  readonly meanings?: Readonly<Record<string, ChoiceMeaning>>;
  readonly default: string;
}

/** The words for a choice of an option. */
export interface ChoiceMeaning {
  /** A few words that stand for it on the page. */
  readonly label: Message;
  /** Its consequences in one line. */
  readonly help?: Message;
}

/** An adapter and its flat buffers. */
export interface ExportedAdapter extends AdapterState {
  readonly layout: AdapterLayout;
}

/** Throws `export_model_trained` if there is no adapter, because the model itself was trained. */
export function requireAdapter({ layout }: ExportedAdapter, format: string): void {
  const { kind } = layout;
  if (!kind.isBase) return;
  throw new TunesmithError({ code: 'export_model_trained', values: { format, type: kind.finetuningType } });
}

/** The source of an export: an open base and the tuned adapter. */
export interface ExportSource {
  /** The base's name by which other programs find it. */
  readonly baseModel: string;
  readonly revision: string | null;
  /** How other programs load the base. */
  readonly base: BaseUse;
  /** The base's small files. */
  readonly facts: SmallFacts;
  /** The base's towers, if it has some and its files are available. */
  readonly towers?: StoredTowers | undefined;
  /** The names of the base's quantised matrices. */
  readonly quantised?: readonly string[];
  /** The base's weights before they were quantised; undefined if it isn't known where they are. */
  readonly originals?: Originals | undefined;
  /** The base's layout on the device. */
  readonly layout: ModelLayout;
  readonly adapter: ExportedAdapter;
  /** Language of the model card. */
  readonly language: Language;
  /** The adapter's training run; absent for an imported adapter. */
  readonly run: CardRun | undefined;
  /** Runs work with the base on the device. */
  withBase<T>(work: (base: Model) => Promise<T>): Promise<T>;
  /** Runs work with the base and the adapter on the device. */
  readonly withTuned: <T>(work: (base: Model, adapter: Adapter) => Promise<T>) => Promise<T>;
  /** Encodes rows of weights on threads. */
  readonly encoder: RowEncoder;
  /** Logits of a few tokens with this adapter, and with another one on the same base. */
  compareAdapters(other: ExportedAdapter, options?: CheckOptions): Promise<ComparedLogits>;
  /** Logits of a few tokens with base and adapter. */
  logits(options?: LogitsOptions): Promise<SampleLogits>;
  /**
   * Logits of the same tokens with a checkpoint of which one block at a time is on the device, f32 [tokens, vocabulary].
   */
  logitsOf(checkpoint: Checkpoint, options?: CheckOptions): Promise<Float32Array>;
}

/** The examples of an export, as they are trained on here. */
export interface ExportedExamples {
  readonly training: ExampleList;
  readonly heldOut: ExampleList;
  /** Number of records that `samples` gives: a long one may have several examples. */
  readonly records: number;
  /** Reads the contents of all examples from their files again, in their order. */
  samples(): AsyncIterable<{ readonly sample: Sample; readonly heldOut: boolean }>;
  /** Runs work with the examples of a file that is read as this one's files were. */
  withExamplesOf<T>(file: FileReader, work: (examples: ExampleList) => Promise<T>): Promise<T>;
}

/** The source of an export that tells how to train: an open base, examples and settings. */
export interface ExamplesSource extends Pick<
  ExportSource,
  'baseModel' | 'revision' | 'facts' | 'layout' | 'language'
> {
  readonly settings: TrainSettings;
  readonly examples: ExportedExamples;
  /** The open adapter, if there is one. */
  readonly adapter: ExportedAdapter | undefined;
}

export interface LogitsOptions extends CheckOptions {
  /** The adapter stands on the weights of this checkpoint instead of those of the open base. */
  readonly reference?: Checkpoint | undefined;
}

/** A few tokens and their logits, f32 [tokens, vocabulary]. */
export interface SampleLogits {
  readonly ids: readonly number[];
  readonly logits: Float32Array;
}

/** Logits of the same tokens, f32 [tokens, vocabulary], from base and adapter and from another model. */
export interface ComparedLogits {
  readonly ours: Float32Array;
  readonly theirs: Float32Array;
}

interface AnyFormat {
  /** Its name on the command line. */
  readonly name: FormatName;
  readonly help: Message;
  readonly options: readonly ExportOption[];
  /** The name of its folder or zip, from the base's own name. */
  fileName(base: string): string;
}

/** A format in which to export a tuned model. */
export interface ExportFormat extends AnyFormat {
  readonly needs?: undefined;
  /**
   * @param options by name; missing ones have their defaults
   * @throws TunesmithError `export_option`, `export_size` naming the option; or the reason why this export is
   *   impossible
   */
  plan(source: ExportSource, options: Readonly<Record<string, string>>): Promise<ExportPlan>;
}

/** A format in which to export the examples and the settings of a training, before or after it. */
export interface ExamplesFormat extends AnyFormat {
  readonly needs: 'examples';
  /** As that of `ExportFormat`. */
  plan(source: ExamplesSource, options: Readonly<Record<string, string>>): Promise<ExportPlan>;
}
