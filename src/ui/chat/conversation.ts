import { array, number, object, optional, picklist, string, union, type InferOutput } from 'valibot';
import type { ErrorDescription } from '../../core/errors';
import type { AdapterReport, ChatMessage, ChatRequest, ChatSide, ModelReport } from '../../worker/protocol';

export type Side = ChatSide;
export const SIDES: readonly Side[] = ['base', 'tuned', 'export'];

const answerSchema = object({
  text: string(),
  /** Undefined while the answer is being written, and if it failed. */
  tokensPerSecond: optional(number()),
  stoppedBy: optional(picklist(['stop_token', 'length', 'person'])),
  /** Number of regenerations, each with another seed. */
  tries: optional(number()),
});

const turnSchema = object({
  question: string(),
  base: optional(answerSchema),
  tuned: optional(answerSchema),
  export: optional(answerSchema),
});

/** A run as it was when its adapter answered: it may be renamed or removed later. */
const runSchema = object({
  id: string(),
  /** Undefined if the visitor gave it none. */
  name: optional(string()),
  modelName: string(),
  startedAt: string(),
});

type SpeakingRun = Readonly<InferOutput<typeof runSchema>>;

/** The stored form of a conversation. A conversation belongs to one model with one adapter, or with none. */
export const conversationSchema = object({
  id: string(),
  /** ISO dates. */
  startedAt: string(),
  updatedAt: string(),
  speaker: object({
    /** Identifies model, adapter and ONNX folder. */
    key: string(),
    /** Empty if only an ONNX folder answered. */
    model: string(),
    /** The name of the imported files, or the run that made the adapter; empty if only the base answered. */
    adapter: union([string(), runSchema]),
    /** The name of the ONNX folder; absent if none was open. */
    export: optional(string()),
  }),
  system: string(),
  turns: array(turnSchema),
});

/** The model and the adapter that answer. */
export type Speaker = Readonly<InferOutput<typeof conversationSchema>['speaker']>;

export interface Answer extends Readonly<InferOutput<typeof answerSchema>> {
  readonly error?: ErrorDescription | undefined;
  /** Set if a regeneration gave exactly the same text. */
  readonly same?: boolean;
  /** The whole answer that this one replaces; it is stored until this one is whole. */
  readonly former?: Answer | undefined;
}

/** The progress of each side; absent or undefined if it is not answering. */
export type AnswerProgress = Readonly<Partial<Record<Side, 'waiting' | 'writing' | undefined>>>;

export interface Turn {
  readonly question: string;
  readonly base?: Answer | undefined;
  readonly tuned?: Answer | undefined;
  readonly export?: Answer | undefined;
  /** The turn that an edited question replaces; it is stored until the question is answered. */
  readonly former?: Turn | undefined;
}

export interface Conversation extends Omit<InferOutput<typeof conversationSchema>, 'turns'> {
  readonly turns: readonly Turn[];
}

export function newConversation(speaker: Speaker, system: string): Conversation {
  const now = new Date().toISOString();
  return { id: crypto.randomUUID(), startedAt: now, updatedAt: now, speaker, system, turns: [] };
}

/** The conversation with a new time of change; no two versions have the same time. */
export function updated(conversation: Conversation): Conversation {
  const now = Math.max(Date.now(), Date.parse(conversation.updatedAt) + 1);
  return { ...conversation, updatedAt: new Date(now).toISOString() };
}

/** An opened ONNX folder. */
export interface SpeakingExport {
  readonly name: string;
  readonly key: string;
}

/**
 * The speaker for this model, this adapter and this ONNX folder; undefined if neither a model nor a folder is open.
 *
 * @param run the run that made the adapter; undefined for an imported one
 */
export function speakerOf(
  model: ModelReport | undefined,
  adapter: AdapterReport | undefined,
  run: SpeakingRun | undefined,
  opened?: SpeakingExport,
): Speaker | undefined {
  if (!model) return opened && { key: opened.key, model: '', adapter: '', export: opened.name };
  const identity = [model.modelHash, adapter?.id];
  return {
    key: JSON.stringify(opened ? [...identity, opened.key] : identity),
    model: model.name,
    adapter: adapter ? (speakingRun(run) ?? adapter.origin) : '',
    ...(opened && { export: opened.name }),
  };
}

function speakingRun(run: SpeakingRun | undefined): SpeakingRun | undefined {
  if (!run) return undefined;
  const { id, name, modelName, startedAt } = run;
  return { id, name, modelName, startedAt };
}

/** The sides that answer for a speaker. */
export function sidesOf(speaker: Speaker | undefined): readonly Side[] {
  return SIDES.filter((side) => {
    if (side === 'export') return speaker?.export !== undefined;
    return speaker !== undefined && speaker.model !== '' && (side === 'base' || speaker.adapter !== '');
  });
}

/**
 * One side's conversation, with a question at its end. It has only this side's answers, and only questions with an
 * answer.
 */
export function messagesOf(
  { system, turns }: Pick<Conversation, 'system' | 'turns'>,
  side: Side,
  question?: string,
): readonly ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (system.trim() !== '') messages.push({ role: 'system', content: system });
  for (const turn of turns) {
    const answer = turn[side];
    if (!answer || answer.error || answer.text === '') continue;
    messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: answer.text });
  }
  if (question !== undefined) messages.push({ role: 'user', content: question });
  return messages;
}

/** Number of regenerations after asking for an answer again; 0 if there is no answer yet. */
export function triesAfter(answer: Answer | undefined): number {
  return answer && !answer.error ? (answer.tries ?? 0) + 1 : 0;
}

export function triesOf(tries: number): Pick<Answer, 'tries'> {
  return tries > 0 ? { tries } : {};
}

/** The requests to the sides for one of a conversation's turns; a regenerated answer has another seed. */
export function requestsOf(
  { system, turns }: Pick<Conversation, 'system' | 'turns'>,
  index: number,
  sides: readonly Side[],
  seed: number,
): readonly ChatRequest<Side>[] {
  const turn = turns[index];
  const before = { system, turns: turns.slice(0, index) };
  return sides.map((side) => {
    const tries = triesAfter(turn?.[side]);
    const messages = messagesOf(before, side, turn?.question);
    return { side, messages, ...(tries > 0 && { seed: (seed + tries) % SEEDS }) };
  });
}

const SEEDS = 2 ** 32;

/** The answer, if it is whole; else the whole one that it replaces. */
export function lastWhole(answer: Answer | undefined): Answer | undefined {
  return answer && (answer.error || answer.stoppedBy === undefined) ? answer.former : answer;
}

/** The turn; a whole answer to an edited question replaces the former question for good. */
export function settled(turn: Turn): Turn {
  return turn.former && SIDES.some((side) => lastWhole(turn[side])) ? { ...turn, former: undefined } : turn;
}

/**
 * The stored form, without answers that a failure or a reload interrupted, because they could not be recognised as
 * incomplete later. What such an answer replaces stays stored.
 */
export function keptForm(conversation: Conversation): InferOutput<typeof conversationSchema> {
  const kept = (answer: Answer | undefined) => {
    const whole = lastWhole(answer);
    if (!whole) return undefined;
    const { text, tokensPerSecond, stoppedBy, tries } = whole;
    return { text, tokensPerSecond, stoppedBy, tries };
  };
  const turns = conversation.turns.map((turn) => {
    const { question, base, tuned, export: exported } = turn.former ?? turn;
    return { question, base: kept(base), tuned: kept(tuned), export: kept(exported) };
  });
  return { ...conversation, speaker: { ...conversation.speaker }, turns };
}

/** A conversation's title in a list: the beginning of its first question. */
export function titleOf({ turns }: Conversation): string {
  const words = (turns[0]?.question ?? '').replaceAll(/\s+/g, ' ').trim();
  return words.length > MOST_TITLE ? `${words.slice(0, MOST_TITLE).trimEnd()}…` : words;
}

const MOST_TITLE = 80;
