import { createStore, del, set, values } from 'idb-keyval';
import { safeParse } from 'valibot';
import { conversationSchema, keptForm, type Conversation } from './conversation';

let opened: ReturnType<typeof createStore> | undefined;

/** One record for each conversation, so that two tabs do not overwrite each other's. */
function store(): ReturnType<typeof createStore> {
  return (opened ??= createStore('tunesmith-conversations', 'conversations'));
}

/** All conversations that are kept, the newest first; none if the browser keeps none. */
export async function readConversations(): Promise<readonly Conversation[]> {
  try {
    const kept: unknown[] = await values(store());
    const read = kept.flatMap((value) => {
      const result = safeParse(conversationSchema, value);
      return result.success ? [result.output] : [];
    });
    return read.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  } catch {
    return [];
  }
}

/** Keeps a conversation, if the browser allows it: else only the convenience is lost. */
export async function keepConversation(conversation: Conversation): Promise<void> {
  await set(conversation.id, keptForm(conversation), store()).catch(() => undefined);
}

export async function forgetConversation(id: string): Promise<void> {
  await del(id, store()).catch(() => undefined);
}
