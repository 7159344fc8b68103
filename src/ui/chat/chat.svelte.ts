import { string } from 'valibot';
import { describeError, type ErrorDescription } from '../../core/errors';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../../core/settings/settings';
import type { ChatEvent, ChatMessage, ChatOutcome } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { ask, count, stop, type Answerers } from './asking';
import { FormState } from '../shared/form.svelte';
import { keep, readKept } from '../shared/persist';
import {
  lastWhole,
  messagesOf,
  newConversation,
  requestsOf,
  settled,
  SIDES,
  sidesOf,
  triesAfter,
  triesOf,
  updated,
  type Answer,
  type AnswerProgress,
  type Conversation,
  type Side,
  type Speaker,
  type Turn,
} from './conversation';
import { KeptConversations } from './kept_conversations.svelte';
import { OnnxState } from './onnx.svelte';
import { SystemPrompt } from './system_prompt.svelte';
import { TokenCounter } from './token_counter.svelte';

const draftKey = 'chat.draft';
const openKey = 'chat.open';

/** Conversations with the base, the tuned model and an export side by side: the open one, and earlier ones. */
export class ChatState {
  readonly #answerers: Answerers;
  readonly #speaker: () => Speaker | undefined;
  readonly settings = new FormState(ANSWER_SETTINGS, 'chat.settings');
  readonly counter: TokenCounter;
  /** The open conversation; undefined before its first question. */
  conversation: Conversation | undefined = $state.raw();
  readonly kept = new KeptConversations((from, to) => this.#move(from, to));
  readonly system = new SystemPrompt();
  /** The question in the field. */
  draft = $state('');
  /** An error outside of the answers, which have their own errors. */
  error: ErrorDescription | undefined = $state.raw();
  /** Whether both sides answer at the same time; undefined until the engine reports it. */
  together: boolean | undefined = $state();
  /** The progress of each side that was asked; empty if none is answering. */
  progress: AnswerProgress = $state.raw({});
  /** The index of the question that is being answered. */
  #at = 0;

  readonly turns: readonly Turn[] = $derived(this.conversation?.turns ?? []);
  /** A side that is answering or about to answer. */
  readonly speaking: Side | undefined = $derived(SIDES.find((side) => this.progress[side]));
  /** The model and the adapter that answer now. */
  readonly speaker: Speaker | undefined = $derived.by(() => this.#speaker());
  readonly sides: readonly Side[] = $derived(sidesOf(this.speaker));
  /** Whether the open conversation belongs to the present model and adapter, so that it can continue. */
  readonly continues = $derived(
    this.conversation === undefined || this.conversation.speaker.key === this.speaker?.key,
  );
  /** The messages that a question would send to each side. */
  readonly #wouldSend: readonly (readonly ChatMessage[])[] = $derived.by(() => {
    // The count depends on the model.
    const sides = sidesOf(this.speaker);
    const question = this.draft.trim();
    const turns = this.continues ? this.turns : [];
    if (question === '' && turns.length === 0) return [];
    const conversation = { system: this.system.text, turns };
    return sides.map((side) => messagesOf(conversation, side, question === '' ? undefined : question));
  });
  /** Tokens by which what would be sent is too long for each side to answer; 0 if one side has room for it. */
  readonly excess = $derived.by(() => {
    const { tokens = [], room = 0 } = this.counter.count ?? {};
    return tokens.length > 0 && Math.min(...tokens) > room ? Math.max(...tokens) - room : 0;
  });

  constructor(
    engine: EngineState,
    speaker: () => Speaker | undefined,
    onnx: Answerers['onnx'] = new OnnxState(),
  ) {
    this.#answerers = { engine, onnx };
    this.#speaker = speaker;
    this.counter = new TokenCounter((conversations) => count(this.#answerers, this.sides, conversations));
    this.settings.begin(ANSWER_DEFAULTS);
    this.draft = readKept(draftKey, string()) ?? '';
  }

  async restore(): Promise<void> {
    await this.kept.refresh();
    if (this.conversation || this.speaking) return;
    this.conversation = this.kept.take(readKept(openKey, string()));
    if (this.conversation) this.system.restore();
  }

  write(draft: string): void {
    this.draft = draft;
    keep(draftKey, draft === '' ? undefined : draft);
  }

  /** Sets the open model's recommended settings; keeps the visitor's changes. */
  useDefaults(defaults: AnswerSettings = ANSWER_DEFAULTS): void {
    this.settings.begin(defaults);
  }

  resetSettings(): void {
    this.settings.reset();
    this.system.change('');
  }

  /** Counts the messages that would be sent now; does nothing while a side is answering. */
  recount(): void {
    if (this.speaking === undefined) this.counter.update(this.#wouldSend);
  }

  /** Starts a new conversation with the next question; the open one stays stored. */
  begin(): void {
    if (this.speaking === undefined) this.#show(undefined);
  }

  open(id: string): void {
    const found = this.speaking === undefined ? this.kept.take(id) : undefined;
    if (found) this.#show(found);
  }

  async remove(id: string): Promise<void> {
    if (this.conversation?.id === id) {
      if (this.speaking !== undefined) return;
      this.begin();
    }
    await this.kept.remove(id);
  }

  /**
   * Asks all sides the question in the field, or a proposed one. If no side can answer, the question goes back to the
   * field.
   */
  async send(proposed?: string): Promise<void> {
    const { speaker } = this;
    const question = proposed ?? this.draft;
    if (!speaker || this.speaking !== undefined || question.trim() === '') return;
    const before = this.conversation;
    const open = before && this.continues ? before : newConversation(speaker, this.system.text);
    this.conversation = { ...open, turns: [...open.turns, { question: question.trim() }] };
    if (proposed === undefined) this.write('');
    if (await this.#answer(this.turns.length - 1, this.sides)) return;
    this.#putBack(before);
    // Keeps text that the visitor has written meanwhile.
    if (this.draft === '') this.write(question);
    // The count beside the field already shows this error.
    if (this.error?.code === 'context_full') this.error = undefined;
  }

  /**
   * Replaces a question. If the conversation has later questions, it stays stored unchanged, and the new question
   * starts a new conversation. Returns false if no side answers with a word; then nothing has changed.
   */
  async edit(index: number, question: string): Promise<boolean> {
    const before = this.conversation;
    if (!before || !this.continues || this.speaking !== undefined || question.trim() === '') return true;
    const goesOn = index < before.turns.length - 1;
    const open = goesOn ? newConversation(before.speaker, this.system.text) : before;
    const turn = { question: question.trim(), former: goesOn ? undefined : before.turns[index] };
    this.conversation = { ...open, turns: [...before.turns.slice(0, index), turn] };
    if (await this.#answer(index, this.sides, true)) return true;
    this.#putBack(before);
    return false;
  }

  /** Asks some sides the last question again, with another seed. Keeps their old answers if they can't answer. */
  async regenerate(sides = this.sides): Promise<void> {
    const before = this.conversation;
    if (!before || !this.continues || this.speaking !== undefined) return;
    if (!(await this.#answer(before.turns.length - 1, sides))) this.#putBack(before);
  }

  /** Stops the answer of one side, or of all. */
  async stop(side?: Side): Promise<void> {
    if (this.speaking === undefined) return;
    try {
      await stop(
        this.#answerers,
        side,
        SIDES.filter((each) => this.progress[each]),
      );
    } catch (error) {
      this.error = describeError(error);
    }
  }

  /**
   * Lets the sides answer a question. Returns false if all failed before their first word; `error` has the reason. An
   * edited question has failed too if the visitor stopped all sides before their first word.
   */
  async #answer(index: number, sides: readonly Side[], edited = false): Promise<boolean> {
    const former = this.turns[index];
    if (!this.conversation || !former) return false;
    this.#at = index;
    this.error = undefined;
    this.together = undefined;
    this.progress = Object.fromEntries(sides.map((side) => [side, 'waiting']));
    this.conversation = { ...this.conversation, system: this.system.text };
    const settings = this.settings.values ?? ANSWER_DEFAULTS;
    const requests = requestsOf(this.conversation, index, sides, settings.seed);
    const tries = (side: Side) => triesAfter(former[side]);
    let over = false;
    const { outcomes, error } = await ask(this.#answerers, requests, settings, (event) => {
      // Results and events travel separately, so an event may arrive after the result.
      if (!over) this.#hear(event, former, tries);
    });
    over = true;
    this.error = error;
    for (const outcome of outcomes) this.#end(outcome, former, tries);
    this.progress = {};
    const failed = outcomes.every(({ side }) => {
      const answer = this.turns[index]?.[side];
      return answer ? answer.error !== undefined && answer.text === '' : edited;
    });
    if (!failed) {
      this.conversation = { ...this.conversation, turns: this.turns.map(settled) };
      this.#keep();
      return true;
    }
    this.error ??= outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))[0];
    return false;
  }

  #hear(event: ChatEvent, former: Turn, tries: (side: Side) => number): void {
    switch (event.kind) {
      case 'begun':
        this.together = event.together;
        return;
      case 'text': {
        const { side, delta } = event;
        const writing = this.progress[side] === 'writing';
        const text = (writing ? (this.turns[this.#at]?.[side]?.text ?? '') : '') + delta;
        this.progress = { ...this.progress, [side]: 'writing' };
        this.#set(side, { text, ...triesOf(tries(side)), former: lastWhole(former[side]) });
        if (!writing) this.#keep();
        return;
      }
      case 'again':
        this.progress = { ...this.progress, [event.side]: 'waiting' };
        return;
      case 'ended': {
        this.#end(event, former, tries);
        this.progress = { ...this.progress, [event.side]: undefined };
        // A question that no side could answer must not replace the stored conversation.
        if ('result' in event) this.#keep();
      }
    }
  }

  #end(outcome: ChatOutcome, former: Turn, tries: (side: Side) => number): void {
    const { side } = outcome;
    if ('error' in outcome) {
      const text = this.progress[side] === 'waiting' ? '' : (this.turns[this.#at]?.[side]?.text ?? '');
      this.#set(side, { text, error: outcome.error, former: lastWhole(former[side]) });
      return;
    }
    const { text, tokensPerSecond, stoppedBy } = outcome.result;
    const same = tries(side) > 0 && stoppedBy !== 'person' && former[side]?.text === text;
    // A stop before the first word restores the former answer.
    if (stoppedBy === 'person' && text === '') this.#set(side, former[side]);
    else
      this.#set(side, { text, tokensPerSecond, stoppedBy, ...triesOf(tries(side)), ...(same && { same }) });
  }

  #set(side: Side, answer: Answer | undefined): void {
    if (!this.conversation) return;
    const turns = this.turns.map((turn, index) => (index === this.#at ? { ...turn, [side]: answer } : turn));
    this.conversation = { ...this.conversation, turns };
  }

  #keep(): void {
    if (!this.conversation) return;
    const conversation = updated(this.conversation);
    this.conversation = conversation;
    this.#keepOpen(conversation.id);
    this.kept.keep(conversation);
  }

  /**
   * Restores the conversation from before a question that no side could answer, and stores it again if an answer had
   * begun.
   */
  #putBack(before: Conversation | undefined): void {
    const id = this.conversation?.id;
    const kept = this.kept.list.find((each) => each.id === id);
    this.conversation = before;
    if (!kept || kept.updatedAt === before?.updatedAt) return;
    if (before?.id === id) this.#keep();
    else {
      this.#keepOpen(before?.id);
      void this.kept.remove(kept.id);
    }
  }

  #show(conversation: Conversation | undefined): void {
    this.conversation = conversation;
    this.error = undefined;
    this.system.open(conversation?.system);
    keep(openKey, conversation?.id);
  }

  #move(from: string, to: string): void {
    if (this.conversation?.id !== from) return;
    this.conversation = { ...this.conversation, id: to };
    this.#keepOpen(to);
  }

  /** Stores which conversation this tab has open, with its prompt, in place of what another tab has stored. */
  #keepOpen(id: string | undefined): void {
    keep(openKey, id);
    this.system.keep();
  }
}
