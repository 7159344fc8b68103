import { answer, type AnswerOptions } from '../../chat/answer';
import { describeError, TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { blobReader } from '../../core/file_reader';
import { isRecord } from '../../core/json';
import type { Message } from '../../core/messages/message';
import { parseAnswerSettings, type AnswerSettings } from '../../core/settings/settings';
import { TimeSlices } from '../../core/time_slices';
import { readJson, readText, type ModelFolder } from '../../models/folder';
import { readTokenizerConfig } from '../../models/tokenizer_files';
import { zipFolder } from '../../models/zip_folder';
import type { OnnxDecoder } from '../../onnx_runtime/decoder';
import type { OnnxDevice } from '../../onnx_runtime/device';
import { findDecoders, genaiModel } from '../../onnx_runtime/layout';
import { openOnnx } from '../../onnx_runtime/open';
import { openText, type OpenText, type TextFacts } from '../models/open';
import { answerDefaults } from './answer_defaults';
import type { ChatEvent, ChatMessage, ChatOutcome, ChatRequest, TokenCount } from './chats';
import { chatContext, conversationIds, type ChatContext } from './conversation';

/** A file of the folder by its path below the picked folder. */
export interface PathedBlob {
  readonly path: string;
  readonly content: Blob;
}

export interface OpenExportOptions {
  readonly device: OnnxDevice | 'auto';
  /** Path of the decoder, of those in the last report; absent: the best. */
  readonly path?: string | undefined;
}

/** An opened ONNX folder. */
export interface ExportReport {
  readonly device: OnnxDevice;
  /** Path of the open decoder. */
  readonly path: string;
  /** Paths of all decoders in the folder. */
  readonly paths: readonly string[];
  /** Bytes of all files of the folder: with the name, they tell folders apart. */
  readonly bytes: number;
  readonly notes: readonly Message[];
  readonly answerDefaults: AnswerSettings;
  /** Most tokens of a conversation. */
  readonly room: number;
  /** Address of the runtime's program, which the page may store for use without a network. */
  readonly program: string | undefined;
}

/** Limits the memory of the cache. */
const MOST_ROOM = 4096;
/** Room of a model that does not say how long its texts may be. */
const USUAL_ROOM = 2048;
/** Tokens of a prompt between two looks at the signal: the processor needs long for many. */
const PROMPT_ROWS: Readonly<Record<OnnxDevice, number>> = { webgpu: 256, wasm: 32 };

interface Opened {
  readonly decoder: OnnxDecoder;
  readonly chat: ChatContext;
  readonly room: number;
}

/** A conversation with an ONNX folder. It lives in a thread of its own, which ends with it and frees its memory. */
export class OnnxChat {
  #opened: Opened | undefined;
  #stop: AbortController | undefined;

  /**
   * Opens a folder, or a zip of one.
   *
   * @throws TunesmithError `model_file_missing`, `zip_unreadable`, the errors of the tokenizer and of `openOnnx`
   */
  async open(
    files: readonly PathedBlob[],
    { device, path }: OpenExportOptions,
    onProgress: (fraction: number) => void,
  ): Promise<ExportReport> {
    const { folder, decoders } = await findDecoders(await folderOf(files));
    const facts = await readFacts(folder);
    const room = roomOf(facts.config);
    const decoder = await openOnnx(folder, { device, onProgress, ...(path !== undefined && { path }) });
    const text: OpenText = openText(facts, decoder.vocabulary ?? Infinity);
    this.#opened = { decoder, room, chat: chatContext({ ...text, facts }, 'model') };
    return {
      device: decoder.device,
      path: decoder.path,
      paths: decoders.map((each) => each.path),
      bytes: [...folder.values()].reduce((sum, { size }) => sum + size, 0),
      notes: [...decoder.notes, ...text.textNotes],
      answerDefaults: answerDefaults(facts.generationConfig),
      room,
      program: decoder.program,
    };
  }

  /** As `Chats.count`. */
  count(conversations: readonly (readonly ChatMessage[])[]): TokenCount {
    const { chat, room } = this.#require();
    return { tokens: conversations.map((messages) => conversationIds(chat, messages).length), room };
  }

  /** As `Chats.answer`, for one side. */
  async answer(
    { side, messages, seed }: ChatRequest<'export'>,
    settings: AnswerSettings,
    onEvent: (event: ChatEvent) => void,
  ): Promise<ChatOutcome> {
    const stop = new AbortController();
    this.#stop = stop;
    const outcome = await this.#ask(
      messages,
      { ...settings, ...(seed !== undefined && { seed }) },
      stop.signal,
      (delta) => {
        onEvent({ kind: 'text', side, delta });
      },
    );
    onEvent({ kind: 'ended', ...outcome });
    return outcome;
  }

  /** Stops the answer; keeps the text so far. */
  stop(): void {
    this.#stop?.abort();
  }

  async #ask(
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    signal: AbortSignal,
    onText: (delta: string) => void,
  ): Promise<ChatOutcome> {
    const side = 'export';
    try {
      const { decoder, chat, room } = this.#require();
      const { text, tokens, tokensPerSecond, stoppedBy } = await answer({
        generator: generatorOf(decoder, room),
        tokenizer: chat.tokenizer,
        promptIds: conversationIds(chat, messages),
        sampling: parseAnswerSettings(settings),
        stopIds: chat.stopIds,
        signal,
        onText,
      });
      return { side, result: { text, tokens, tokensPerSecond, stoppedBy } };
    } catch (error) {
      return { side, error: describeError(error) };
    }
  }

  #require(): Opened {
    if (this.#opened) return this.#opened;
    throw new TunesmithError({ code: 'no_model' });
  }
}

async function folderOf(files: readonly PathedBlob[]): Promise<ModelFolder> {
  const readers = files.map(({ path, content }): [string, FileReader] => [path, blobReader(path, content)]);
  const [first] = readers;
  if (readers.length === 1 && first?.[0].toLowerCase().endsWith('.zip')) return await zipFolder(first[1]);
  return new Map(readers);
}

/** The small files of a folder for transformers.js, or for onnxruntime-genai, which needs no config.json. */
async function readFacts(folder: ModelFolder): Promise<TextFacts> {
  const json = async (name: string): Promise<unknown> => {
    const file = folder.get(name);
    return file && (await readJson(file));
  };
  const config = (await json('config.json')) ?? (await genaiModel(folder));
  if (config === undefined) throw missing(folder, 'config.json');
  const tokenizer = await json('tokenizer.json');
  if (tokenizer === undefined) throw missing(folder, 'tokenizer.json');
  const template = folder.get('chat_template.jinja');
  return {
    config,
    tokenizer,
    tokenizerConfig: await readTokenizerConfig(folder),
    templateFile: template && (await readText(template)),
    generationConfig: await json('generation_config.json'),
  };
}

function missing(folder: ModelFolder, name: string): TunesmithError {
  const detail = `found: ${[...folder.keys()].join(', ')}`;
  return new TunesmithError({ code: 'model_file_missing', values: { name, instead: undefined }, detail });
}

function roomOf(config: unknown): number {
  if (!isRecord(config)) return USUAL_ROOM;
  const given = config.max_position_embeddings ?? config.context_length;
  return typeof given === 'number' && given > 0 ? Math.min(given, MOST_ROOM) : USUAL_ROOM;
}

/** A decoder as answers need it. It lets the thread hear a stop between its runs, which keep the thread busy. */
function generatorOf(decoder: OnnxDecoder, room: number): AnswerOptions['generator'] {
  const slices = new TimeSlices();
  const rows = PROMPT_ROWS[decoder.device];
  let last = new Float32Array();
  let ids = new Uint32Array();
  const remember = async (tokens: readonly number[], past: number): Promise<void> => {
    for (let first = 0; first < tokens.length; first += rows) {
      await slices.giveWay();
      await decoder.remember(tokens.slice(first, first + rows), past + first);
    }
  };
  const next = async (tokens: readonly number[], past: number): Promise<Float32Array> => {
    const count = past + tokens.length;
    if (count > room) throw new TunesmithError({ code: 'context_full', values: { tokens: count, room } });
    const before = tokens.length - 1;
    await remember(tokens.slice(0, before), past);
    await slices.giveWay();
    last = await decoder.next(tokens.slice(before), past + before);
    return last;
  };
  return {
    room,
    remember,
    next,
    likeliest: async (tokens, past) => {
      const scores = await next(tokens, past);
      if (ids.length !== scores.length) ids = Uint32Array.from(scores.keys());
      return { scores, ids, bound: -Infinity };
    },
    logits: () => Promise.resolve(last),
  };
}
