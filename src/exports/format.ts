import type { Language } from '../core/messages/languages';
import type { Message } from '../core/messages/message';
import type { Checkpoint, StoredTowers } from '../models/files';
import type { ModelFolder } from '../models/folder';
import type { ModelLayout } from '../models/layout';
import type { Adapter } from '../models/adapter';
import type { AdapterLayout } from '../models/adapters/layout';
import type { Model } from '../models/model';
import type { CardRun } from './model_card';
import type { SmallFacts } from './small_files';

/** A file of an export. Its size is known before any of it is made. */
export interface ExportFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes from the start, in parts of a few megabytes. */
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** How far what was written, read back, is from what it was made of. */
export interface ExportCheck {
  /** The largest difference between the logits of both; null if the device has no room for what was written. */
  readonly difference: number | null;
  /** What rounding to the format's precision explains. 0: both are the same to the bit. */
  readonly allowed: number;
}

/** What will be written, known before anything is. */
export interface ExportPlan {
  /** In the order in which they are written: what makes others take the folder for a whole one comes last. */
  readonly files: readonly ExportFile[];
  /** Notes for a person. */
  readonly notes?: readonly Message[];
  /** Compares what was written with what it was made of. Throws `export_differs`. */
  readonly check: (written: ModelFolder) => Promise<ExportCheck>;
}

/** An option that an export takes, as text. */
export interface ExportOption {
  readonly name: string;
  /** What stands for its value in a help page: SIZE. */
  readonly value: string;
  readonly help: Message;
  /** All values, where there are few. */
  readonly choices?: readonly string[];
  readonly default: string;
}

/** An adapter and the flat buffer of its parameters. */
export interface ExportedAdapter {
  readonly layout: AdapterLayout;
  readonly parameters: Float32Array<ArrayBuffer>;
}

/** What exports are made of: an open base and the tuned adapter. */
export interface ExportSource {
  /** As the base is called for others to find it. */
  readonly baseModel: string;
  readonly revision: string | null;
  /** The base's small files. */
  readonly facts: SmallFacts;
  /** The base's towers, if it has some and its files are here. */
  readonly towers?: StoredTowers | undefined;
  /** How the base lies on the device. */
  readonly layout: ModelLayout;
  readonly adapter: ExportedAdapter;
  /** Of the model card. */
  readonly language: Language;
  /** What the adapter was trained on; absent for one that was imported. */
  readonly run: CardRun | undefined;
  /** Works with the base on the device. */
  withBase<T>(work: (base: Model) => Promise<T>): Promise<T>;
  /** Works with the base and the adapter on the device. */
  readonly withTuned: <T>(work: (base: Model, adapter: Adapter) => Promise<T>) => Promise<T>;
  /** The largest difference between the logits of the adapter and those of another one on the same base. */
  compareLogits(other: ExportedAdapter): Promise<number>;
  /** Computes the same logits with base and adapter, and with a whole model beside them; undefined if the device has no room. */
  compareWith(checkpoint: Checkpoint): Promise<ComparedLogits | undefined>;
}

/** Logits of the same tokens by base and adapter, and by another model. */
export interface ComparedLogits {
  readonly ours: Float32Array;
  readonly theirs: Float32Array;
}

/** One way to take a tuned model away. */
export interface ExportFormat {
  /** As the command line calls it. */
  readonly name: string;
  readonly help: Message;
  readonly options: readonly ExportOption[];
  /** What a folder or a zip of it is called, from the base's own name. */
  fileName(base: string): string;
  /**
   * @param options by name; those that are missing have their default
   * @throws TunesmithError `export_option`, `export_size` naming the option, or what stands in the way of this export
   */
  plan(source: ExportSource, options: Readonly<Record<string, string>>): Promise<ExportPlan>;
}
