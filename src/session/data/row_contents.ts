import { describeError, TunesmithError } from '../../core/errors';
import type { LosslessJson } from '../../core/lossless_json';
import type { Message } from '../../core/messages/message';
import type { TokenizedExample } from '../../data/batches';
import type { Cleaner } from '../../data/cleaning/cleaner';
import { isLearnt, type JudgedSample, type Sample } from '../../data/messages';
import { sampleOf, type Mapping } from '../../data/shapes';
import type { SampleExamples } from '../../models/objectives/objective';
import type { DataSource } from './data_source';
import type { FoundPlaceholders } from './found_placeholders';

/** The content of a row's value. */
export interface MadeOfValue {
  /** None if the row is not learnt. */
  readonly examples: readonly TokenizedExample[];
  /** Set for answers that were compared or judged. */
  readonly judged?: JudgedSample;
  /** Why it can't be used. */
  readonly problem?: Message;
}

interface ContentsOptions {
  readonly cleaner: Cleaner;
  /** Throws a TunesmithError for a sample that can't be used. */
  readonly examplesOf: (sample: Sample) => SampleExamples;
}

/** The contents of rows as they are learnt. */
export class RowContents {
  readonly #sources: readonly DataSource[];
  readonly #placeholders: FoundPlaceholders;
  readonly #options: ContentsOptions;

  constructor(sources: readonly DataSource[], placeholders: FoundPlaceholders, options: ContentsOptions) {
    this.#sources = sources;
    this.#placeholders = placeholders;
    this.#options = options;
  }

  /** The content of a row's value as it is learnt; undefined if it is not. */
  sample(value: LosslessJson, source: number): Sample | undefined {
    const sample = sampleOf(value, this.#sources[source]?.options);
    return 'kind' in sample && isLearnt(sample) ? this.#prepared(sample, source) : undefined;
  }

  /** The content of a row's value with the file's mapping or another one. */
  made(value: LosslessJson, source: number, mapping?: Mapping): MadeOfValue {
    const sample = sampleOf(value, mapping ?? this.#sources[source]?.options);
    if (!('kind' in sample)) return { examples: [], problem: sample.reason };
    if (!isLearnt(sample)) return { examples: [], judged: sample };
    try {
      return { examples: this.#options.examplesOf(this.#prepared(sample, source)).examples };
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      const { code, values } = describeError(error);
      return { examples: [], problem: { code, values } };
    }
  }

  /** With placeholders filled, clean, and with the source's system message. */
  #prepared(sample: Sample, source: number): Sample {
    const filled = this.#placeholders.fill(sample);
    return this.finished(this.#options.cleaner.clean(filled).sample, source);
  }

  /** A clean sample with the source's system message. */
  finished(sample: Sample, source: number): Sample {
    const system = this.#sources[source]?.options.default_system;
    return system === undefined ? sample : withSystem(sample, system);
  }
}

/** A conversation with a system message, which it gets if it has none. */
function withSystem(sample: Sample, system: string): Sample {
  if (sample.kind !== 'chat' || sample.messages.some(({ role }) => role === 'system')) return sample;
  return { ...sample, messages: [{ role: 'system', content: system }, ...sample.messages] };
}
