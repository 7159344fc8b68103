import { array, looseObject, nullish, number, optional, safeParse, string, type InferOutput } from 'valibot';
import { message } from '../../../core/messages/message';
import type { Completion, Usage } from '../writer';

const UsageOf = looseObject({ prompt_tokens: number(), completion_tokens: number() });

/** An answer, or a piece of one, in OpenAI's form. */
const Chunk = looseObject({
  choices: optional(
    array(
      looseObject({
        message: nullish(looseObject({ content: nullish(string()) })),
        delta: nullish(looseObject({ content: nullish(string()) })),
        finish_reason: nullish(string()),
      }),
    ),
  ),
  usage: nullish(UsageOf),
});

/** Reasons of an answer's end that leave it whole, in the words of several servers. */
const WHOLE = /^(?:stop|stop_sequence|eos|eos_token|end_turn|complete)$/i;
const CUT = /^(?:length|max_tokens)$/i;

/** Reads an object in OpenAI's form; undefined if the text is none. */
function chunkOf(text: string): InferOutput<typeof Chunk> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = safeParse(Chunk, value);
  return read.success ? read.output : undefined;
}

/** An answer that is still coming. */
export class GrowingCompletion {
  text = '';
  #finish: string | undefined;
  #usage: Usage | undefined;
  #isDone = false;
  #rest = '';

  /** Whether the server has said that the answer is complete. */
  get isComplete(): boolean {
    return this.#isDone || this.#finish !== undefined;
  }

  get completion(): Completion {
    const finish = this.#finish ?? 'stop';
    const isCut = CUT.test(finish);
    const isBroken = !isCut && !WHOLE.test(finish);
    return {
      text: this.text,
      isCut,
      usage: this.#usage,
      ...(isBroken && { broken: message('answer_broken', { reason: finish }) }),
    };
  }

  /** Takes an answer that came as one object. Returns false if it is none. */
  takeWhole(text: string): boolean {
    return this.#take(text) && this.#finish !== undefined;
  }

  /**
   * Takes a piece of a stream of server-sent events.
   *
   * @returns the first event that is no part of an answer, for instance an error; undefined if there is none
   */
  takeEvents(piece: string): string | undefined {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = /^data: ?(.*)$/.exec(line)?.[1];
      if (data === undefined || data === '') continue;
      if (data === '[DONE]') this.#isDone = true;
      else if (!this.#take(data)) return data;
    }
    return undefined;
  }

  #take(text: string): boolean {
    const chunk = chunkOf(text);
    if (!chunk || (chunk.choices === undefined && !chunk.usage)) return false;
    const [choice] = chunk.choices ?? [];
    this.text += choice?.message?.content ?? choice?.delta?.content ?? '';
    // Whole answers of some servers lack the reason.
    this.#finish = choice?.finish_reason ?? (choice?.message ? 'stop' : this.#finish);
    const { usage } = chunk;
    if (usage) this.#usage = { promptTokens: usage.prompt_tokens, answerTokens: usage.completion_tokens };
    return true;
  }
}
