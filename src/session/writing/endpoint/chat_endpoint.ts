import { chatAddressOf } from '../../../core/endpoints';
import { TunesmithError } from '../../../core/errors';
import { TemporaryFailure } from '../../../hub/failures';
import type { ChatMessage } from '../../chat/chats';
import type { Completion, CompletionOptions, Writer } from '../writer';
import { GrowingCompletion } from './completion';
import { Pace, type Outside } from './pace';
import { message } from '../../../core/messages/message';
import { reasonIn, refusalOf, refusedPart } from './refusals';

/** A chat model behind an interface in OpenAI's form, as OpenAI, DeepSeek, DashScope, vLLM, llama.cpp and Ollama have it. */
export interface EndpointChoice {
  /** As `normalizeChatAddress` takes it; requests go to `/chat/completions` below it and nowhere else. */
  readonly address: string;
  /** Whether plain http may lead to other machines: not in a page. */
  readonly anyHttp?: boolean;
  readonly model: string;
  /** Only in memory; empty for none. */
  readonly key: string;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  readonly temperature: number;
  /** Requests at the same time. */
  readonly parallel: number;
  /** Most requests a minute; 0 for no limit. */
  readonly perMinute: number;
}

/** Failures of one request in a row after which the work ends. */
const MOST_FAILURES = 5;
/** Parts of a request that some servers do not take. */
const PARTS = ['max_tokens', 'stream_options', 'temperature'] as const;
type Part = (typeof PARTS)[number];
/** Milliseconds without a sign of life after which a request is repeated. A slow machine reads a long prompt in this time. */
const SILENCE = 5 * 60_000;
/** Most characters of a response. */
const LONGEST = 16 * 2 ** 20;

/** Writes with a model behind an address. The key goes to this address only, and into no message. */
export class ChatEndpoint implements Writer {
  readonly origin: string;
  readonly parallel: number;
  readonly #choice: EndpointChoice;
  readonly #outside: Outside;
  readonly #pace: Pace;
  readonly #host: string;
  /** The only address that gets requests. */
  readonly #address: string;
  /** Whether the address has ever answered. */
  #isKnown = false;
  /** Parts of a request that the server does not take: newer models of OpenAI want another name for the length. */
  readonly #refused = new Set<Part>();

  /** @throws TunesmithError `writer_key` for a key that no header can carry; `chat_address…` */
  constructor(choice: EndpointChoice, outside: Outside = {}) {
    const key = choice.key.trim();
    if (!/^[!-~]*$/.test(key)) throw new TunesmithError({ code: 'writer_key' });
    this.#choice = { ...choice, key };
    this.#outside = outside;
    this.#pace = new Pace(choice.perMinute, outside);
    this.#address = chatAddressOf(choice.address, choice.anyHttp);
    this.#host = new URL(this.#address).host;
    this.origin = `${choice.model} (${this.#host})`;
    this.parallel = choice.parallel;
  }

  async complete(messages: readonly ChatMessage[], options: CompletionOptions): Promise<Completion> {
    const { signal } = options;
    for (let failures = 0; ;) {
      await this.#pace.turn(signal);
      try {
        return await this.#once(messages, options);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TemporaryFailure)) throw error;
        // A first request that gets no answer has the wrong address, or a server that does not let pages in.
        if (++failures >= MOST_FAILURES || !this.#isKnown) throw error.error;
        const random = (this.#outside.random ?? Math.random)();
        const wait = Math.min(30_000, 1000 * 2 ** (failures - 1)) * (0.5 + random / 2);
        this.#pace.rest(Math.max(wait, error.waitMilliseconds ?? 0));
      }
    }
  }

  async #once(messages: readonly ChatMessage[], options: CompletionOptions): Promise<Completion> {
    const silence = new AbortController();
    const { signal: asked } = options;
    const signal = asked ? AbortSignal.any([asked, silence.signal]) : silence.signal;
    let watch: ReturnType<typeof setTimeout> | undefined;
    const alive = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), SILENCE);
    };
    alive();
    const parts = PARTS.filter((part) => !this.#refused.has(part));
    try {
      const response = await this.#send(messages, parts, signal);
      this.#isKnown = true;
      if (!response.ok) {
        await this.#refuse(response, parts);
        return await this.#once(messages, options);
      }
      const completion = await this.#read(response, alive, options);
      return parts.includes('temperature')
        ? completion
        : { ...completion, note: message('temperature_refused') };
    } catch (cause) {
      asked?.throwIfAborted();
      if (cause instanceof TunesmithError || cause instanceof TemporaryFailure) throw cause;
      const code = this.#isKnown ? 'writer_cut_off' : 'writer_unreachable';
      throw new TemporaryFailure(new TunesmithError({ code, values: { host: this.#host }, cause }));
    } finally {
      clearTimeout(watch);
    }
  }

  async #send(
    messages: readonly ChatMessage[],
    parts: readonly Part[],
    signal: AbortSignal,
  ): Promise<Response> {
    const { model, key, maxTokens, temperature } = this.#choice;
    const length = parts.includes('max_tokens') ? 'max_tokens' : 'max_completion_tokens';
    const body = {
      model,
      messages: messages.map(({ role, content }) => ({ role, content })),
      [length]: maxTokens,
      ...(parts.includes('temperature') && { temperature }),
      stream: true,
      ...(parts.includes('stream_options') && { stream_options: { include_usage: true } }),
    };
    const headers = new Headers({ 'Content-Type': 'application/json' });
    if (key !== '') headers.set('Authorization', `Bearer ${key}`);
    return await (this.#outside.fetch ?? fetch)(this.#address, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      // Only the key gives access, never cookies; neither key nor texts follow a redirect.
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
  }

  /**
   * Throws the error of a refusal, unless the server does not take a part of the request: the next one lacks it.
   *
   * @param parts those that this request had; another request may have been refused meanwhile
   */
  async #refuse(response: Response, parts: readonly Part[]): Promise<void> {
    const { status, headers } = response;
    const body = await textOf(response, () => undefined);
    const { key, model } = this.#choice;
    if (status === 400 || status === 422) {
      if (parts.some((each) => this.#refused.has(each))) return;
      const part = refusedPart(body, parts);
      if (part !== undefined) {
        this.#refused.add(part);
        return;
      }
    }
    const now = this.#pace.now;
    throw refusalOf({
      host: this.#host,
      status,
      body,
      retryAfter: headers.get('Retry-After'),
      model,
      key,
      now,
    });
  }

  async #read(response: Response, alive: () => void, { onText }: CompletionOptions): Promise<Completion> {
    const host = this.#host;
    const growing = new GrowingCompletion();
    const isStream = response.headers.get('Content-Type')?.includes('text/event-stream') ?? false;
    const text = await textOf(response, (piece) => {
      alive();
      if (!isStream) return;
      const stranger = growing.takeEvents(piece);
      if (stranger !== undefined) {
        const reason = reasonIn(stranger, this.#choice.key);
        const error = new TunesmithError({
          code: 'writer_overloaded',
          values: { host, status: 200, reason },
        });
        throw new TemporaryFailure(error);
      }
      onText?.(growing.text);
    });
    if (isStream) {
      growing.takeEvents('\n');
      if (growing.isComplete) return growing.completion;
      throw new TemporaryFailure(new TunesmithError({ code: 'writer_cut_off', values: { host } }));
    }
    if (growing.takeWhole(text)) return growing.completion;
    throw new TunesmithError({ code: 'writer_no_chat', values: { host } });
  }
}

/** The text of a response, also piece by piece. */
async function textOf(response: Response, onPiece: (piece: string) => void): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (reader && text.length < LONGEST) {
      const { done, value } = await reader.read();
      const piece = decoder.decode(value, { stream: !done });
      text += piece;
      onPiece(piece);
      if (done) break;
    }
    return text;
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
