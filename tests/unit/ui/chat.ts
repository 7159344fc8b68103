import { vi } from 'vitest';
import { ChatState } from '../../../src/ui/chat/chat.svelte';
import type { Side, Speaker } from '../../../src/ui/chat/conversation';
import type { ChatEvent, ChatMessage, ChatOutcome } from '../../../src/worker/protocol';
import { deferred, engineOf, stubLocalStorage } from './engine';

interface Request {
  readonly side: Side;
  readonly messages: readonly ChatMessage[];
  readonly seed?: number;
}
interface Asked {
  readonly requests: readonly Request[];
  readonly tell: (event: ChatEvent) => void;
  readonly done: ReturnType<typeof deferred<readonly ChatOutcome[]>>;
}

export const TUNED: Speaker = { key: 'tiny+pirate', model: 'tiny', adapter: 'pirate' };
export const BASE: Speaker = { key: 'tiny', model: 'tiny', adapter: '' };

/** The present speaker. A test may change it during a conversation. */
export const speaking: { current: Speaker | undefined } = { current: TUNED };

export function conversation() {
  const asked: Asked[] = [];
  const chats = {
    answer: vi.fn((requests: Request[], _: unknown, tell: (event: ChatEvent) => void) => {
      const done = deferred<readonly ChatOutcome[]>();
      asked.push({ requests, tell, done });
      return done.promise;
    }),
    count: vi.fn(() => Promise.resolve({ tokens: [1], room: 10 })),
    stop: vi.fn(() => Promise.resolve()),
  };
  const chat = new ChatState(engineOf({ chats }), () => speaking.current);
  return { chat, chats, asked };
}

export const said = (
  side: Side,
  text: string,
  stoppedBy: 'stop_token' | 'person' = 'stop_token',
): ChatOutcome => ({
  side,
  result: { text, tokens: 1, tokensPerSecond: 9, stoppedBy },
});
export const failed = (side: Side, code: 'context_full' | 'device_lost'): ChatOutcome => ({
  side,
  error: { code, values: { tokens: 9, room: 1 }, detail: '' },
});
/** Everything that was to be kept is. */
export const settled = ({ chat }: { chat: ChatState }): Promise<void> => chat.kept.refresh();

/** Asks, and has both sides answer. */
export async function exchange(
  { chat, asked }: ReturnType<typeof conversation>,
  question: string,
  answer: string,
) {
  const over = chat.send(question);
  asked.at(-1)!.done.resolve(asked.at(-1)!.requests.map(({ side }) => said(side, `${answer} (${side})`)));
  await over;
}

/** Begins without stored conversations, with the tuned model. */
export async function clearConversations(): Promise<void> {
  speaking.current = TUNED;
  stubLocalStorage();
  const { chat } = conversation();
  await chat.restore();
  for (const { id } of chat.kept.list) await chat.remove(id);
}
