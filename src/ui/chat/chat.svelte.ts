import { string } from 'valibot';
import { describeError, type ErrorDescription } from '../../core/errors';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../../core/settings/settings';
import { callback, type ChatEvent, type ChatMessage, type ChatOutcome } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { FormState } from '../shared/form.svelte';
import { keep, readKept } from '../shared/persist';
import {
  messagesOf,
  newConversation,
  SIDES,
  sidesOf,
  updated,
  type Answer,
  type Conversation,
  type Side,
  type Speaker,
  type Turn,
} from './conversation';
import { forgetConversation, keepConversation, readConversations } from './conversation_store';
import { TokenCounter } from './token_counter.svelte';

const systemKey = 'chat.system';
const draftKey = 'chat.draft';
const openKey = 'chat.open';
const SEEDS = 2 ** 32;

/** How far each side is; absent or undefined if it is not answering. */
type Progress = Readonly<Partial<Record<Side, 'waiting' | 'writing' | undefined>>>;

/** Conversations with the base and the tuned model side by side: the open one, and those before it. */
export class ChatState {
  readonly #engine: EngineState;
  readonly #speaker: () => Speaker | undefined;
  readonly settings = new FormState(ANSWER_SETTINGS, 'chat.settings');
  readonly counter: TokenCounter;
  /** The open conversation; undefined before the first question of one. */
  conversation: Conversation | undefined = $state.raw();
  /** All that are kept, the open one among them, the newest first. */
  list: readonly Conversation[] = $state.raw([]);
  system = $state('');
  /** The question that the visitor is writing. */
  draft = $state('');
  /** What went wrong beside the answers, which carry their own errors. */
  error: ErrorDescription | undefined = $state.raw();
  /** Both sides answer at the same time; undefined before the engine has said so. */
  together: boolean | undefined = $state();
  /** How far each side is that was asked; empty if nobody is answering. */
  progress: Progress = $state.raw({});
  /** The place of the question that is being answered. */
  #at = 0;

  readonly turns: readonly Turn[] = $derived(this.conversation?.turns ?? []);
  /** A side that is answering or about to. */
  readonly speaking: Side | undefined = $derived(SIDES.find((side) => this.progress[side]));
  /** Who answers now. */
  readonly speaker: Speaker | undefined = $derived.by(() => this.#speaker());
  readonly sides: readonly Side[] = $derived(sidesOf(this.speaker));
  /** The open conversation is of the model and the adapter that answer now, so that it can go on. */
  readonly continues = $derived(
    this.conversation === undefined || this.conversation.speaker.key === this.speaker?.key,
  );
  /** The messages that a question would send to each side. */
  readonly #wouldSend: readonly (readonly ChatMessage[])[] = $derived.by(() => {
    const question = this.draft.trim();
    const turns = this.continues ? this.turns : [];
    if (question === '' && turns.length === 0) return [];
    const conversation = { system: this.system, turns };
    return this.sides.map((side) => messagesOf(conversation, side, question === '' ? undefined : question));
  });
  /** Tokens that no side has room for; 0 if what would be sent fits. */
  readonly excess = $derived.by(() => {
    const { tokens = [], room = 0 } = this.counter.count ?? {};
    return tokens.length === 0 ? 0 : Math.max(0, Math.min(...tokens) - room);
  });

  constructor(engine: EngineState, speaker: () => Speaker | undefined) {
    this.#engine = engine;
    this.#speaker = speaker;
    this.counter = new TokenCounter((conversations) => engine.remote.chats.count(conversations));
    this.settings.begin(ANSWER_DEFAULTS);
    this.system = readKept(systemKey, string()) ?? '';
    this.draft = readKept(draftKey, string()) ?? '';
  }

  async restore(): Promise<void> {
    this.list = await readConversations();
    if (this.conversation || this.speaking) return;
    const former = readKept(openKey, string());
    this.conversation = this.list.find(({ id }) => id === former);
  }

  write(draft: string): void {
    this.draft = draft;
    keep(draftKey, draft === '' ? undefined : draft);
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

  /** Counts what would be sent, as it is now; while someone answers, the count stays as it is. */
  recount(): void {
    if (this.speaking === undefined) this.counter.update(this.#wouldSend);
  }

  /** Begins a new conversation with the next question; the open one is kept. */
  begin(): void {
    if (this.speaking !== undefined) return;
    this.conversation = undefined;
    this.error = undefined;
    keep(openKey, undefined);
  }

  open(id: string): void {
    const found = this.list.find((each) => each.id === id);
    if (!found || this.speaking !== undefined) return;
    this.conversation = found;
    this.error = undefined;
    this.changeSystem(found.system);
    keep(openKey, id);
  }

  async remove(id: string): Promise<void> {
    if (this.conversation?.id === id) {
      if (this.speaking !== undefined) return;
      this.begin();
    }
    this.list = this.list.filter((each) => each.id !== id);
    await forgetConversation(id);
  }

  /** Puts what is written to everyone, or a question that the page proposes. If nobody can answer it, it is in the field. */
  async send(proposed?: string): Promise<void> {
    const { speaker } = this;
    const question = proposed ?? this.draft;
    if (!speaker || this.speaking !== undefined || question.trim() === '') return;
    const before = this.conversation;
    const open = before && this.continues ? before : newConversation(speaker, this.system);
    this.conversation = { ...open, turns: [...open.turns, { question: question.trim() }] };
    if (proposed === undefined) this.write('');
    if (await this.#answer(this.turns.length - 1, this.sides)) return;
    this.conversation = before;
    // Text that the visitor wrote meanwhile stays.
    if (this.draft === '') this.write(question);
    // The count beside the field says the same, for as long as it is so.
    if (this.error?.code === 'context_full') this.error = undefined;
  }

  /**
   * Asks another question in the place of one. A conversation that goes on after it is kept as it is, and the new question
   * begins one of its own. False if nobody can answer it: then nothing has changed.
   */
  async edit(index: number, question: string): Promise<boolean> {
    const before = this.conversation;
    if (!before || !this.continues || this.speaking !== undefined || question.trim() === '') return true;
    const goesOn = index < before.turns.length - 1;
    const open = goesOn ? newConversation(before.speaker, this.system) : before;
    this.conversation = { ...open, turns: [...before.turns.slice(0, index), { question: question.trim() }] };
    if (await this.#answer(index, this.sides)) return true;
    this.conversation = before;
    return false;
  }

  /** Asks the last question again, with another seed, of some sides. What they said stays if they can't answer. */
  async regenerate(sides = this.sides): Promise<void> {
    const before = this.conversation;
    if (!before || !this.continues || this.speaking !== undefined) return;
    if (!(await this.#answer(before.turns.length - 1, sides))) this.conversation = before;
  }

  /** Ends the answer of one side, or of all. */
  async stop(side?: Side): Promise<void> {
    if (this.speaking === undefined) return;
    try {
      await this.#engine.remote.chats.stop(side);
    } catch (error) {
      this.error = describeError(error);
    }
  }

  /** Has a question answered. False if no side said a word and all failed: `error` says why. */
  async #answer(index: number, sides: readonly Side[]): Promise<boolean> {
    const former = this.turns[index];
    if (!this.conversation || !former) return false;
    this.#at = index;
    this.error = undefined;
    this.together = undefined;
    this.progress = Object.fromEntries(sides.map((side) => [side, 'waiting']));
    this.conversation = { ...this.conversation, system: this.system };
    const settings = this.settings.values ?? ANSWER_DEFAULTS;
    const open = { ...this.conversation, turns: this.turns.slice(0, index) };
    const tries = (side: Side): number => {
      const answer = former[side];
      return answer && !answer.error ? (answer.tries ?? 0) + 1 : 0;
    };
    const requests = sides.map((side) => ({
      side,
      messages: messagesOf(open, side, former.question),
      ...(tries(side) > 0 && { seed: (settings.seed + tries(side)) % SEEDS }),
    }));
    let over = false;
    const onEvent = callback((event: ChatEvent) => {
      // The outcomes and the events come by separate ways: the last event can be the later one.
      if (!over) this.#hear(event, former, tries);
    });
    let outcomes: readonly ChatOutcome[] = [];
    try {
      outcomes = await this.#engine.remote.chats.answer(requests, settings, onEvent);
    } catch (error) {
      this.error = describeError(error);
    }
    over = true;
    for (const outcome of outcomes) this.#end(outcome, former, tries);
    this.progress = {};
    const failed = outcomes.every(({ side }) => {
      const answer = this.turns[index]?.[side];
      return answer?.error !== undefined && answer.text === '';
    });
    if (!failed) {
      this.#keep();
      return true;
    }
    const [first] = outcomes;
    if (first && 'error' in first) this.error = first.error;
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
        this.#set(side, { text, ...triesOf(tries(side)) });
        if (!writing) this.#keep();
        return;
      }
      case 'again':
        this.progress = { ...this.progress, [event.side]: 'waiting' };
        return;
      case 'ended': {
        this.#end(event, former, tries);
        this.progress = { ...this.progress, [event.side]: undefined };
        // A question that nobody could answer does not replace the conversation that is kept.
        if ('result' in event) this.#keep();
      }
    }
  }

  #end(outcome: ChatOutcome, former: Turn, tries: (side: Side) => number): void {
    const { side } = outcome;
    if ('error' in outcome) {
      const text = this.progress[side] === 'waiting' ? '' : (this.turns[this.#at]?.[side]?.text ?? '');
      this.#set(side, { text, error: outcome.error });
      return;
    }
    const { text, tokensPerSecond, stoppedBy } = outcome.result;
    const same = tries(side) > 0 && stoppedBy !== 'person' && former[side]?.text === text;
    // A stop before the first word leaves what was there.
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
    this.list = [conversation, ...this.list.filter(({ id }) => id !== conversation.id)];
    keep(openKey, conversation.id);
    void keepConversation(conversation);
  }
}

function triesOf(tries: number): Pick<Answer, 'tries'> {
  return tries > 0 ? { tries } : {};
}
