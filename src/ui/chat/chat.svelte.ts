import { array, number, object, optional, string } from 'valibot';
import { describeError, type ErrorDescription } from '../../core/errors';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../../core/settings/settings';
import { callback, type ChatMessage, type ChatResult } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { FormState } from '../shared/form.svelte';
import { keep, keepLarge, readKept, readKeptLarge } from '../shared/persist';

export type Side = 'base' | 'tuned';
export const sides: readonly Side[] = ['base', 'tuned'];

export interface Answer {
  readonly text: string;
  /** Undefined while it is being written, and where it could not be. */
  readonly tokensPerSecond?: number;
  readonly stoppedBy?: ChatResult['stoppedBy'];
  readonly error?: ErrorDescription;
}
export interface Turn {
  readonly question: string;
  readonly base?: Answer;
  readonly tuned?: Answer;
}

const turnsKey = 'chat.turns';
const systemKey = 'chat.system';
const keptTurns = 100;
const answerSchema = optional(object({ text: string(), tokensPerSecond: optional(number()) }));
const turnsSchema = array(object({ question: string(), base: answerSchema, tuned: answerSchema }));
/** One conversation, held with the base and the tuned model side by side. */
export class ChatState {
  readonly #engine: EngineState;
  turns: readonly Turn[] = $state.raw([]);
  readonly settings = new FormState(ANSWER_SETTINGS, 'chat.settings');
  system = $state('');
  /** What went wrong beside the answers, which carry their own errors. */
  error: ErrorDescription | undefined = $state.raw();
  /** Who is answering now. */
  speaking: Side | undefined = $state();
  #stopped = false;

  constructor(engine: EngineState) {
    this.#engine = engine;
    this.settings.begin(ANSWER_DEFAULTS);
    this.system = readKept(systemKey, string()) ?? '';
  }

  async restore(): Promise<void> {
    const kept = await readKeptLarge(turnsKey, turnsSchema);
    if (kept && this.turns.length === 0) this.turns = kept;
  }

  changeSystem(system: string): void {
    this.system = system;
    keep(systemKey, system);
  }

  /** Begins with what the open model recommends; what the visitor changed stays. */
  useDefaults(defaults: AnswerSettings = ANSWER_DEFAULTS): void {
    this.settings.begin(defaults);
  }

  resetSettings(): void {
    this.settings.reset();
    this.changeSystem('');
  }

  /** Puts one question to the given sides, one after the other. */
  async ask(question: string, asked: readonly Side[]): Promise<void> {
    const index = this.turns.length;
    this.turns = [...this.turns, { question }];
    this.#stopped = false;
    this.error = undefined;
    for (const side of asked) {
      if (!this.#stopped) await this.#answer(index, side);
    }
    this.speaking = undefined;
    await keepLarge(turnsKey, this.turns.slice(-keptTurns).map(wholeAnswers));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#engine.remote.chats.stop();
    } catch (error) {
      this.error = describeError(error);
    }
  }

  clear(): void {
    this.turns = [];
    void keepLarge(turnsKey, []);
  }

  async #answer(index: number, side: Side): Promise<void> {
    this.speaking = side;
    const messages = this.#messages(index, side);
    let text = '';
    let over = false;
    this.#set(index, side, { text });
    const onText = callback((delta: string) => {
      // A delta can arrive after the result, which has it already.
      if (over) return;
      text += delta;
      this.#set(index, side, { text });
    });
    try {
      const result = await this.#engine.remote.chats.answer(
        side,
        messages,
        this.settings.values ?? ANSWER_DEFAULTS,
        onText,
      );
      over = true;
      const { tokensPerSecond, stoppedBy } = result;
      this.#set(index, side, { text: result.text, tokensPerSecond, stoppedBy });
    } catch (error) {
      over = true;
      this.#set(index, side, { text, error: describeError(error) });
    }
  }

  /** The conversation as this side had it: its own answers only, and only whole exchanges. */
  #messages(index: number, side: Side): ChatMessage[] {
    const messages: ChatMessage[] = [];
    if (this.system.trim() !== '') messages.push({ role: 'system', content: this.system });
    for (const turn of this.turns.slice(0, index)) {
      const answer = turn[side];
      if (!answer || answer.error || answer.text === '') continue;
      messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: answer.text });
    }
    messages.push({ role: 'user', content: this.turns[index]?.question ?? '' });
    return messages;
  }

  #set(index: number, side: Side, answer: Answer): void {
    this.turns = this.turns.map((turn, i) => (i === index ? { ...turn, [side]: answer } : turn));
  }
}

/** The turn without what a failure cut off: after a reload nobody would know that it was. */
function wholeAnswers({ question, base, tuned }: Turn): Turn {
  return {
    question,
    ...(base && !base.error && { base }),
    ...(tuned && !tuned.error && { tuned }),
  };
}
