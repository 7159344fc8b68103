import type { AnswerSettings } from '../core/settings/settings';
import type { Tokenizer } from '../data/tokenizer';
import type { Generator } from '../models/generation';
import { createSampler, type Sampler } from './sampling';

export interface AnswerOptions {
  readonly generator: Pick<Generator, 'remember' | 'next' | 'likeliest' | 'logits' | 'room'>;
  readonly tokenizer: Pick<Tokenizer, 'stream'>;
  /** At least one token. */
  readonly promptIds: readonly number[];
  readonly sampling: AnswerSettings;
  /** Ids that end the answer; they are not part of it. */
  readonly stopIds: ReadonlySet<number>;
  /** Its abort ends the answer and keeps the text so far. */
  readonly signal?: AbortSignal;
  /** Called after each token with the number of tokens so far; true ends the answer like `max_new_tokens`. */
  readonly enough?: (tokens: number) => boolean;
  /** Gets the text piece by piece, whole characters only. */
  readonly onText?: (delta: string) => void;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

export interface AnswerResult {
  readonly text: string;
  readonly ids: readonly number[];
  readonly tokens: number;
  /** Speed of decoding, without reading the prompt. 0 if nothing was decoded. */
  readonly tokensPerSecond: number;
  /** 'length': `max_new_tokens` are reached, `enough` returned true, or the context is full. */
  readonly stoppedBy: 'stop_token' | 'length' | 'person';
}

/** Prompt tokens between two checks of the signal. */
const PROMPT_CHUNK = 256;

/**
 * Generates the continuation of a prompt, token by token.
 *
 * @throws TunesmithError `context_full` if the prompt does not fit; errors of the sampler and of the device
 */
export async function answer(options: AnswerOptions): Promise<AnswerResult> {
  const { generator, tokenizer, promptIds, sampling, stopIds, signal, onText } = options;
  const now = options.now ?? (() => performance.now());
  const stopped = (): boolean => signal?.aborted ?? false;
  const sampler = createSampler(sampling);
  const decoder = tokenizer.stream({ skipSpecialTokens: true });
  const all = [...promptIds];
  let text = '';
  const say = (delta: string): void => {
    if (delta === '') return;
    text += delta;
    onText?.(delta);
  };

  let started = now();
  let decoded = 0;
  const finish = (stoppedBy: AnswerResult['stoppedBy']): AnswerResult => {
    say(decoder.end());
    const seconds = (now() - started) / 1000;
    const ids = all.slice(promptIds.length);
    const tokensPerSecond = decoded > 0 && seconds > 0 ? decoded / seconds : 0;
    return { text, ids, tokens: ids.length, tokensPerSecond, stoppedBy };
  };

  if (promptIds.length === 0) throw new Error('a prompt needs at least one token');
  // A prompt that does not fit is passed as a whole, so that the generator refuses it before it computes.
  const chunk = promptIds.length > generator.room ? promptIds.length : PROMPT_CHUNK;
  let past = 0;
  for (; past + chunk < promptIds.length; past += chunk) {
    if (stopped()) return finish('person');
    await generator.remember(promptIds.slice(past, past + chunk), past);
  }

  for (;;) {
    if (stopped()) return finish('person');
    const id = await nextId(generator, sampler, all, past);
    if (all.length === promptIds.length) started = now();
    else decoded++;
    if (stopped()) return finish('person');
    if (stopIds.has(id)) return finish('stop_token');
    past = all.length;
    all.push(id);
    say(decoder.push(id));
    if (all.length > generator.room) return finish('length');
    const said = all.length - promptIds.length;
    if (options.enough?.(said) === true || said >= sampling.max_new_tokens) return finish('length');
  }
}

/** Runs the ids after the first `past` ones and chooses the next. */
async function nextId(
  generator: AnswerOptions['generator'],
  { ofAll, ofLikeliest }: Sampler,
  ids: readonly number[],
  past: number,
): Promise<number> {
  const tokens = ids.slice(past);
  if (!ofLikeliest) return ofAll(await generator.next(tokens, past), ids);
  return ofLikeliest(await generator.likeliest(tokens, past), ids) ?? ofAll(await generator.logits(), ids);
}
