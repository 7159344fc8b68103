import { string } from 'valibot';
import { ABORTED, describeError, type ErrorDescription } from '../../../core/errors';
import { parseLosslessJson, type LosslessJson } from '../../../core/lossless_json';
import {
  callback,
  type AddedRecord,
  type AugmentReport,
  type ExampleFile,
  type Proposal,
  type WritingEstimate,
  type WritingEvent,
  type WritingProgress,
} from '../../../worker/protocol';
import type { EngineState } from '../../engine.svelte';
import { t } from '../../language.svelte';
import { keepInTab, readInTab } from '../../shared/persist';
import type { ExamplesState } from '../examples.svelte';
import { augmentRequest, writingRequest, type ChangeForm, type WriteForm } from './requests';
import { WriteDraft } from './write_draft';
import { ServiceState } from './service.svelte';

/** Seconds after which the rows that arrived are put into the table. */
const BATCH_SECONDS = 3;

/** Storage keys of what was typed before a reload for another address. A long document may find no room. */
const DRAFT = 'more_draft';
const DRAFT_DOCUMENT = 'more_draft_document';

export type MoreWay = 'change' | 'write';

/** More rows: what is to be made, the work, and its result. The rows themselves wait among the changes of the table. */
export class MoreState {
  readonly #engine: EngineState;
  readonly #examples: ExamplesState;
  readonly #isLocked: () => boolean;
  way: MoreWay = $state('change');
  readonly change: ChangeForm = $state({
    on: { templates: true, synonyms: false, typos: true, deletion: false, swap: false },
    templates: undefined,
    synonyms: '',
    percent: 10,
    copies: 1,
    most: 200,
    seed: 1,
    texts: false,
    onlyShown: false,
  });
  readonly write: WriteForm = $state({
    task: 'variations',
    writer: 'base',
    questions: '',
    ownQuestions: false,
    prefixTokens: 32,
    wholePercent: 10,
    document: undefined,
    prompts: {},
    count: 3,
    most: 20,
    chunk: 2000,
    onlyShown: false,
    maxTokens: 1024,
    temperature: 0.8,
    parallel: 2,
    perMinute: 30,
    promptPrice: undefined,
    answerPrice: undefined,
  });
  readonly service = new ServiceState();

  /** The present work: changing rows, or the open model or a service writing. */
  doing: 'change' | 'model' | 'service' | undefined = $state();
  stopping = $state(false);
  progress: WritingProgress | undefined = $state.raw();
  /** The end of the answer that is being written. */
  text = $state('');
  /** The result of the last work. */
  changed: AugmentReport | undefined = $state.raw();
  isStopped = $state(false);
  /** Rows of the last work that are gone, because other files are chosen now. */
  dropped = $state(0);
  error: ErrorDescription | undefined = $state.raw();
  estimate: WritingEstimate | undefined = $state.raw();
  estimateError: ErrorDescription | undefined = $state.raw();
  #estimateTurn = 0;

  /** Rows that are not in the table yet. */
  #waiting: AddedRecord[] = [];
  /** The files of the present work, and of the rows that wait; undefined if it reads none. */
  #origin: Origin | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The questions that rows were made of. */
  readonly #before = new WeakMap<object, string>();

  /** @param isLocked whether examples can't be changed now */
  constructor(engine: EngineState, examples: ExamplesState, isLocked: () => boolean = () => false) {
    this.#engine = engine;
    this.#examples = examples;
    this.#isLocked = isLocked;
    const draft = readInTab(DRAFT, WriteDraft);
    const document = readInTab(DRAFT_DOCUMENT, string());
    for (const key of [DRAFT, DRAFT_DOCUMENT]) keepInTab(key, undefined);
    if (draft) {
      this.way = 'write';
      examples.view = 'more';
      Object.assign(this.write, { ...draft, document, writer: 'service' });
    }
  }

  /** Lets the page reach the typed address after a reload, which keeps what was typed. Returns false if it is none. */
  allowService(): boolean {
    if (!this.service.allow()) return false;
    const { document, ...draft } = this.write;
    keepInTab(DRAFT, draft);
    keepInTab(DRAFT_DOCUMENT, document);
    return true;
  }

  /** The text before a technique changed it, for a row that was made since the page was loaded. */
  before(value: LosslessJson): string | undefined {
    return typeof value === 'object' && value !== null ? this.#before.get(value) : undefined;
  }

  /** Finds out about how large the work is. */
  async measure(): Promise<void> {
    const turn = ++this.#estimateTurn;
    try {
      const estimate = await this.#engine.remote.writing.estimate(this.#request());
      if (turn !== this.#estimateTurn) return;
      this.estimate = estimate;
      this.estimateError = undefined;
    } catch (error) {
      if (turn !== this.#estimateTurn) return;
      this.estimate = undefined;
      this.estimateError = describeError(error);
    }
  }

  /** Reads a text file as the input of the task. */
  async readInput(file: File | undefined): Promise<void> {
    if (!file) return;
    this.error = undefined;
    try {
      const text = await this.#engine.remote.writing.readText({ name: file.name, content: file });
      if (this.write.task === 'answers' || this.write.task === 'prefixes') this.write.questions = text;
      else this.write.document = text;
    } catch (error) {
      this.error = describeError(error);
    }
  }

  /** Begins the chosen work. */
  async start(): Promise<void> {
    if (this.doing) return;
    this.#flush();
    this.#begin();
    this.#origin = this.#isOfFiles() || this.#waiting.length > 0 ? this.#filesNow() : undefined;
    try {
      if (this.way === 'change') {
        this.changed = await this.#engine.remote.writing.augment(
          augmentRequest(this.change, this.#examples.rows.query, t.more.templates),
          callback((proposals: readonly Proposal[]) => this.#take(proposals, true)),
        );
      } else {
        this.service.keepModel();
        const onEvent = callback((event: WritingEvent) => this.#hear(event));
        this.progress = await this.#engine.remote.writing.write(this.#request(), onEvent);
      }
    } catch (error) {
      const description = describeError(error);
      if (description.code === ABORTED) this.isStopped = true;
      else this.error = description;
    } finally {
      this.doing = undefined;
      this.stopping = false;
      this.text = '';
      this.#flush();
    }
  }

  /** Whether rows have arrived that are not stored yet: a reload would lose them. */
  get hasUnsaved(): boolean {
    return this.#waiting.length > 0;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.#engine.remote.writing.stop();
  }

  #request() {
    const { rows, edits } = this.#examples;
    const seed = 1 + edits.edits.added.length;
    return writingRequest(this.write, this.service, rows.query, t.more.prompts, seed);
  }

  #begin(): void {
    const writer = this.write.writer === 'service' ? 'service' : 'model';
    this.doing = this.way === 'change' ? 'change' : writer;
    this.progress = this.changed = this.error = undefined;
    this.isStopped = this.stopping = false;
    this.dropped = 0;
  }

  #hear(event: WritingEvent): void {
    if (event.kind === 'rows') this.#take(event.proposals, false);
    else if (event.kind === 'progress') this.progress = event;
    else this.text = event.text;
  }

  #take(proposals: readonly Proposal[], isChange: boolean): void {
    if (!this.#fits()) {
      this.dropped += proposals.length;
      this.#drop();
      void this.stop();
      return;
    }
    for (const { json, origin, texts } of proposals) {
      const value = parseLosslessJson(json);
      if (isChange && typeof value === 'object' && value !== null) this.#before.set(value, texts[0] ?? '');
      this.#waiting.push({ value, origin, proposed: true });
    }
    // Rows that are being changed must not be read anew meanwhile.
    if (!isChange) this.#timer ??= setTimeout(() => this.#flush(), BATCH_SECONDS * 1000);
  }

  /** Puts the rows into the table, once it may be changed. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#fits()) this.#drop();
    if (this.#waiting.length === 0) return;
    if (this.#isLocked()) {
      this.#timer = setTimeout(() => this.#flush(), BATCH_SECONDS * 1000);
      return;
    }
    const rows = this.#waiting;
    this.#waiting = [];
    this.#examples.edits.add(...rows);
  }

  /** Whether the work makes its rows of the chosen files. */
  #isOfFiles(): boolean {
    const { task, document, ownQuestions } = this.write;
    if (this.way === 'change' || task === 'variations') return true;
    return task === 'pairs' ? document === undefined : task === 'prefixes' && !ownQuestions;
  }

  #filesNow(): Origin {
    const { choice, own, sources } = this.#examples;
    return { choice, sources: own ? sources : [] };
  }

  /** Whether the rows belong to the chosen files: these may have become more. */
  #fits(): boolean {
    if (!this.#origin) return true;
    const { choice, sources } = this.#origin;
    const now = this.#filesNow();
    const areThere = sources.length > 0 && sources.every((file) => now.sources.includes(file));
    return choice === now.choice || areThere;
  }

  #drop(): void {
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }
}

/** The chosen files at the beginning of a work. */
interface Origin {
  readonly choice: number;
  /** Empty for the demo. */
  readonly sources: readonly ExampleFile[];
}
