import { TunesmithError } from '../core/errors';
import type { TrainSettings } from '../core/settings/settings';
import type { TokenizedExample } from './batches';
import { readableContent } from './message_content';
import { isWeighted, type Sample } from './messages';
import { answerSpans, type Span } from './spans';
import type { ChatTemplate } from './template';
import type { Tokenizer } from './tokenizer';

export interface ExampleSettings {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** The targets: the tokens of all answers or of the last one, with those that end them, or all tokens (`train_on`). */
  readonly trainOn: TrainSettings['train_on'];
  /** Tokens after which an example is cut (`max_seq_length`). */
  readonly maxSeqLength: number;
}

export interface TokenizedSample {
  readonly example: TokenizedExample;
  /** Whether it has a text or an answer that no special token ends. */
  readonly endless: boolean;
}

/**
 * A sample as tokens with its targets. A conversation is rendered and tokenised as a whole. A text is trained on from
 * its first token to the `eos_token` that this function appends. It adds no second `bos_token` to a text that begins
 * with one, and no second `eos_token` to a text that ends with one, even if white space follows, as templates write it.
 *
 * @throws TunesmithError if the template or the tokenizer refuses the sample, or if no target is left
 */
export function tokenizeSample(sample: Sample, settings: ExampleSettings): TokenizedSample {
  const { tokenizer, maxSeqLength } = settings;
  const whole = sample.kind === 'text' ? tokenizeText(sample, tokenizer) : tokenizeChat(sample, settings);
  const truncated = whole.ids.length > maxSeqLength;
  const ids = Uint32Array.from(whole.ids.slice(0, maxSeqLength));
  const trained = whole.trained.slice(0, maxSeqLength);
  const weights = whole.weights?.slice(0, maxSeqLength);
  if (!trained.includes(1, 1)) {
    throw new TunesmithError({
      code: 'nothing_to_learn',
      values: {
        most: maxSeqLength,
        ...(whole.trained.includes(1, 1) && { tokens: whole.ids.length }),
      },
    });
  }
  const example = {
    ids,
    trained,
    ...(weights && { weights }),
    ...(truncated && { whole: whole.ids.length }),
  };
  return { example, endless: whole.endless };
}

interface WholeExample {
  readonly ids: readonly number[];
  readonly trained: Uint8Array;
  /** Absent if all are 1. */
  readonly weights?: Float32Array;
  readonly endless: boolean;
}

function tokenizeText({ text, weight }: Sample & { kind: 'text' }, tokenizer: Tokenizer): WholeExample {
  const ids = withLead(tokenizer.encode(text), tokenizer);
  const { eosId } = tokenizer;
  if (eosId !== undefined && lastOf(ids, tokenizer) !== eosId) ids.push(eosId);
  return {
    ids,
    trained: new Uint8Array(ids.length).fill(1),
    ...(weight !== undefined && { weights: new Float32Array(ids.length).fill(weight) }),
    endless: !isEnded(ids, tokenizer),
  };
}

function tokenizeChat(sample: Sample & { kind: 'chat' }, settings: ExampleSettings): WholeExample {
  const { tokenizer, template, trainOn } = settings;
  const { tools, variables } = sample;
  const inputs = { tools, variables };
  if (sample.messages.at(-1)?.prefix) return tokenizePrefix(sample, settings);
  const { messages, text } = readableContent(sample.messages, template, inputs);
  const content = tokenizer.encode(text);
  const ids = template.addSpecialTokens ? withLead(content, tokenizer) : content;
  const trained = new Uint8Array(ids.length);
  const { weight = 1 } = sample;
  const weights = isWeighted(sample) ? new Float32Array(ids.length).fill(weight) : undefined;
  const answers = messages.filter(({ role }) => role === 'assistant');
  const isPlain = answers.every((answer) => answer.trained !== false && answer.weight === undefined);
  if (trainOn === 'all' && isPlain) {
    const endless = !isEnded(ids, tokenizer);
    return { ids, trained: trained.fill(1), ...(weights && { weights }), endless };
  }
  const generated = template.generated?.(messages, inputs);
  const spans = generated ?? answerSpans(messages, template, text, inputs, endTexts(tokenizer));
  const onlyLast = trainOn === 'last_response';
  if ((onlyLast || !isPlain) && spans.length !== answers.length) throw unknownAnswers();
  if (trainOn === 'all') trained.fill(1);
  const lead = ids.length - content.length;
  const found = tokenSpans(text, content, spans, tokenizer, generated !== undefined);
  const isTarget = (nth: number): boolean =>
    answers[nth]?.trained !== false && !(onlyLast && nth < found.length - 1);
  for (const [nth, { start, end }] of found.entries()) {
    trained.fill(isTarget(nth) ? 1 : 0, lead + start, lead + end);
    weights?.fill(weight * (answers[nth]?.weight ?? 1), lead + start, lead + end);
  }
  const endless = found.some(
    ({ start, end }, nth) => isTarget(nth) && !isEnded(content.slice(start, end), tokenizer),
  );
  return { ids, trained, ...(weights && { weights }), endless };
}

/**
 * A conversation whose last answer is only the beginning of one: the prompt as the model gets it, and what it wrote first.
 * No token ends the answer. UPFT (arXiv 2503.02875) learns the log-likelihood of such beginnings.
 */
function tokenizePrefix(sample: Sample & { kind: 'chat' }, settings: ExampleSettings): WholeExample {
  const { tokenizer, template, trainOn } = settings;
  const { tools, variables, weight = 1 } = sample;
  const inputs = { tools, variables };
  const { messages } = readableContent(sample.messages.slice(0, -1), template, inputs);
  const prompt = template.render(messages, true, inputs);
  const answer = sample.messages.at(-1)!;
  const text = prompt + answer.content;
  const content = tokenizer.encode(text);
  const ids = template.addSpecialTokens ? withLead(content, tokenizer) : content;
  const trained = new Uint8Array(ids.length).fill(trainOn === 'all' ? 1 : 0);
  const weights = isWeighted(sample) ? new Float32Array(ids.length).fill(weight) : undefined;
  const lead = ids.length - content.length;
  for (const { start, end } of tokenSpans(
    text,
    content,
    [{ start: prompt.length, end: text.length }],
    tokenizer,
    true,
  )) {
    trained.fill(answer.trained === false ? 0 : 1, lead + start, lead + end);
    weights?.fill(weight * (answer.weight ?? 1), lead + start, lead + end);
  }
  return { ids, trained, ...(weights && { weights }), endless: false };
}

/** Adds the tokens that the tokenizer puts before every text, unless the text begins with the `bos_token`. */
function withLead(content: number[], tokenizer: Tokenizer): number[] {
  return content[0] !== undefined && content[0] === tokenizer.bosId
    ? content
    : [...leadingIds(tokenizer), ...content];
}

/** The last token that is not only white space. */
function lastOf(ids: readonly number[], tokenizer: Tokenizer): number | undefined {
  return ids.findLast((id) => tokenizer.specialIds.has(id) || tokenizer.decode([id]).trim() !== '');
}

function isEnded(ids: readonly number[], tokenizer: Tokenizer): boolean {
  const last = lastOf(ids, tokenizer);
  return last !== undefined && (tokenizer.specialIds.has(last) || last === tokenizer.eosId);
}

const endTextsOf = new WeakMap<Tokenizer, readonly string[]>();

/** The texts of the tokens that can end a turn. */
function endTexts(tokenizer: Tokenizer): readonly string[] {
  const known = endTextsOf.get(tokenizer);
  if (known) return known;
  const ids = new Set(tokenizer.specialIds);
  if (tokenizer.eosId !== undefined) ids.add(tokenizer.eosId);
  const texts = Array.from(ids, (id) => tokenizer.decode([id]));
  endTextsOf.set(tokenizer, texts);
  return texts;
}

function unknownAnswers(): TunesmithError {
  return new TunesmithError({ code: 'chat_template_weight' });
}

/** The tokens that the tokenizer puts before every text: usually none, or its `bos_token`. */
function leadingIds(tokenizer: Tokenizer): number[] {
  const around = tokenizer.encode('', { addSpecialTokens: true });
  const bos = tokenizer.bosId === undefined ? -1 : around.indexOf(tokenizer.bosId);
  return around.slice(0, bos + 1);
}

/**
 * The tokens that hold text of the spans, including a token across the start or the end of a span (as in the masks of
 * transformers), but without white space after the special token that ends an answer.
 *
 * @param exact keeps that white space: the template itself marks it as the model's to write
 */
function tokenSpans(
  text: string,
  ids: readonly number[],
  spans: readonly Span[],
  tokenizer: Tokenizer,
  exact: boolean,
): Span[] {
  const numbers = piecewise(
    text,
    ids,
    spans.flatMap(({ start, end }) => [start, end]),
    tokenizer,
  );
  return spans.map((span, nth) => {
    const start = numbers?.[2 * nth] ?? commonStart(ids, tokenizer.encode(text.slice(0, span.start)));
    const end = numbers?.[2 * nth + 1] ?? ids.length - commonEnd(ids, tokenizer.encode(text.slice(span.end)));
    if (exact) return { start, end };
    const isEnding = (id: number): boolean => tokenizer.specialIds.has(id) || id === tokenizer.eosId;
    const afterEnding = ids.slice(start, end).findLastIndex(isEnding) + start + 1;
    const isSpace = tokenizer.decode(ids.slice(afterEnding, end)).trim() === '';
    return { start, end: afterEnding > start && isSpace ? afterEnding : end };
  });
}

/**
 * The token index of each offset, found by tokenising the pieces between offsets; undefined if the tokens of the pieces
 * together are not those of the whole text.
 */
function piecewise(
  text: string,
  ids: readonly number[],
  offsets: readonly number[],
  tokenizer: Tokenizer,
): number[] | undefined {
  const numbers: number[] = [];
  let count = 0;
  for (const [nth, offset] of [...offsets, text.length].entries()) {
    const piece = tokenizer.encode(text.slice(offsets[nth - 1] ?? 0, offset));
    for (const id of piece) if (ids[count++] !== id) return undefined;
    numbers.push(count);
  }
  return count === ids.length ? numbers.slice(0, -1) : undefined;
}

function commonStart(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, index) => id !== b[index]);
  return differs < 0 ? a.length : differs;
}

function commonEnd(a: readonly number[], b: readonly number[]): number {
  return commonStart(a.toReversed(), b.toReversed());
}
