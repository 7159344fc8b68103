import type { LosslessJson } from '../../core/lossless_json';
import type { Cleaner } from '../../data/cleaning/cleaner';
import { isLearnt, type Refused, type Sample } from '../../data/messages';
import { sampleOf } from '../../data/shapes';
import type { RecordSample } from '../../data/shapes/shape';
import type { DataSource } from './data_source';
import type { FoundPlaceholders } from './found_placeholders';

/** The contents of rows as they are learnt. */
export class RowContents {
  readonly #sources: readonly DataSource[];
  readonly #placeholders: FoundPlaceholders;
  readonly #cleaner: Cleaner;

  constructor(sources: readonly DataSource[], placeholders: FoundPlaceholders, cleaner: Cleaner) {
    this.#sources = sources;
    this.#placeholders = placeholders;
    this.#cleaner = cleaner;
  }

  /** The content of a row's value as its file has it, or why it can't be used. */
  given(value: LosslessJson, source: number): RecordSample | Refused {
    return sampleOf(value, this.#sources[source]?.options);
  }

  /** The content of a row's value as it is learnt; undefined if it is not. */
  sample(value: LosslessJson, source: number): Sample | undefined {
    const sample = this.given(value, source);
    return 'kind' in sample && isLearnt(sample) ? this.prepared(sample, source) : undefined;
  }

  /** With placeholders filled, clean, and with the source's system message. */
  prepared(sample: Sample, source: number): Sample {
    return this.finished(this.#cleaner.clean(this.#placeholders.fill(sample)).sample, source);
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
