import { blobReader } from '../../core/file_reader';
import type { AugmentationOptions } from '../../data/augmentation/augmentation';
import type { Adapters } from '../adapters';
import type { RowQuery } from '../data/row_table';
import type { Exclusive } from '../exclusive';
import type { NamedBlob } from '../models/sources';
import type { Session } from '../session';
import { augmentRows, type AugmentReport } from './augmenting';
import { estimateOf, type WritingEstimate } from './cost';
import { ChatEndpoint, type EndpointChoice } from './endpoint/chat_endpoint';
import { modelWriterOf, type ModelChoice } from './model_writer';
import type { Proposal } from './proposal';
import { readTextFile } from './text_file';
import type { JobOptions, WritingJob } from './job';
import { jobsOf, type WritingTask } from './tasks';
import { writeRows, type WritingEvent, type WritingProgress } from './write_rows';

/** Rows to change, and how. */
export interface AugmentRequest extends AugmentationOptions {
  /** The rows to change: those of them that training learns. */
  readonly query: RowQuery;
  /** Most rows to make. */
  readonly most: number;
}

/** The model that writes. */
export type WriterChoice =
  ({ readonly kind: 'model' } & ModelChoice) | ({ readonly kind: 'endpoint' } & EndpointChoice);

export interface WritingRequest extends JobOptions {
  readonly task: WritingTask;
  readonly writer: WriterChoice;
}

/** The part of a session that writing rows needs. */
export type WritingSession = Pick<Session, 'dataset' | 'model' | 'answering'>;

/** Makes more rows from those that are there: as proposals, which the person accepts or throws away. */
export class Writing {
  readonly #session: WritingSession;
  readonly #exclusive: Exclusive;
  readonly #adapters: Pick<Adapters, 'template'>;
  #stop: AbortController | undefined;

  constructor(session: WritingSession, exclusive: Exclusive, adapters: Pick<Adapters, 'template'>) {
    this.#session = session;
    this.#exclusive = exclusive;
    this.#adapters = adapters;
  }

  /** Changes rows without a model. Rejects with an `AbortError` once it is stopped. */
  async augment(
    request: AugmentRequest,
    onProposed: (proposals: readonly Proposal[]) => void,
  ): Promise<AugmentReport> {
    const { signal } = this.#begin();
    const { table } = this.#session.dataset;
    const options = { ...request, known: table.contents(signal) };
    return await augmentRows(table.learnt(request.query, signal), options, onProposed, signal);
  }

  /** The size of the work. Throws as `jobsOf`. */
  async estimate(request: WritingRequest): Promise<WritingEstimate> {
    return estimateOf(await this.#jobs(request), request.writer.maxTokens);
  }

  /** Lets a model write rows, as `writeRows`. Rejects with an `AbortError` once it is stopped. */
  async write(request: WritingRequest, onEvent: (event: WritingEvent) => void): Promise<WritingProgress> {
    const { signal } = this.#begin();
    const { writer } = request;
    const jobs = await this.#jobs(request, signal);
    if (writer.kind === 'endpoint') {
      if (request.task.kind === 'prefixes') throw new Error('only an open model samples its own answers');
      const endpoint = new ChatEndpoint(writer);
      return await writeRows(jobs, endpoint, onEvent, signal);
    }
    return await this.#exclusive.run('writing', async () =>
      writeRows(jobs, modelWriterOf(this.#session, writer, this.#adapters.template), onEvent, signal),
    );
  }

  /** The text of a file of questions or of a document, as `readTextFile`. */
  async readText({ name, content }: NamedBlob): Promise<string> {
    return await readTextFile(blobReader(name, content));
  }

  /** Stops the present work. */
  stop(): void {
    this.#stop?.abort();
  }

  async #jobs(request: WritingRequest, signal?: AbortSignal): Promise<readonly WritingJob[]> {
    return await jobsOf(request.task, request, (query) => this.#session.dataset.table.learnt(query, signal));
  }

  #begin(): AbortController {
    this.stop();
    return (this.#stop = new AbortController());
  }
}
