import { createStore, del, values } from 'idb-keyval';
import { object, safeParse, string } from 'valibot';
import { conversationSchema, keptForm, type Conversation } from './conversation';

let opened: ReturnType<typeof createStore> | undefined;

/** One record for each conversation. */
function store(): ReturnType<typeof createStore> {
  return (opened ??= createStore('tunesmith-conversations', 'conversations'));
}

export function newestFirst(a: Conversation, b: Conversation): number {
  return b.updatedAt.localeCompare(a.updatedAt);
}

/** All stored conversations, the newest first; undefined if the browser stores none. */
export async function readConversations(): Promise<readonly Conversation[] | undefined> {
  try {
    const kept: unknown[] = await values(store());
    const read = kept.flatMap((value) => {
      const result = safeParse(conversationSchema, value);
      return result.success ? [result.output] : [];
    });
    return read.sort(newestFirst);
  } catch {
    return undefined;
  }
}

/**
 * Stores a conversation in place of its older version. Returns false, and writes nothing, if the stored version is
 * another one, because another tab has changed or removed it.
 *
 * @param former time of change of the version that this one follows; undefined if none was stored
 * @throws if the browser does not store it, because the storage is full or forbidden
 */
export async function keepConversation(
  conversation: Conversation,
  former: string | undefined,
): Promise<boolean> {
  // Reads and writes in one transaction, so that two tabs can't both find the older version.
  return await store()('readwrite', (records) => {
    const { transaction } = records;
    return new Promise((resolve, reject) => {
      let follows = false;
      const read = records.get(conversation.id);
      read.onsuccess = () => {
        follows = updatedAtOf(read.result) === former;
        if (follows) records.put(keptForm(conversation), conversation.id);
      };
      transaction.oncomplete = () => resolve(follows);
      transaction.onabort = () => reject(transaction.error ?? new Error('The browser keeps nothing'));
    });
  });
}

const datedSchema = object({ updatedAt: string() });

function updatedAtOf(value: unknown): string | undefined {
  const read = safeParse(datedSchema, value);
  return read.success ? read.output.updatedAt : undefined;
}

export async function forgetConversation(id: string): Promise<void> {
  await del(id, store()).catch(() => undefined);
}
