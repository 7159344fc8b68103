import { createStore, del, values } from 'idb-keyval';
import { object, safeParse, string } from 'valibot';
import { conversationSchema, keptForm, type Conversation } from './conversation';

let opened: ReturnType<typeof createStore> | undefined;

/** One record for each conversation. */
function store(): ReturnType<typeof createStore> {
  return (opened ??= createStore('tunesmith-conversations', 'conversations'));
}

/** All conversations that are kept, the newest first; undefined if the browser keeps none. */
export async function readConversations(): Promise<readonly Conversation[] | undefined> {
  try {
    const kept: unknown[] = await values(store());
    const read = kept.flatMap((value) => {
      const result = safeParse(conversationSchema, value);
      return result.success ? [result.output] : [];
    });
    return read.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  } catch {
    return undefined;
  }
}

/**
 * Keeps a conversation in the place of an older version of it. False, and nothing is written, if what is kept is not that
 * version: another tab has changed or removed it.
 *
 * @param former when the version was changed that this one follows; undefined: none was kept
 * @throws if the browser does not write it: storage is full or forbidden
 */
export async function keepConversation(
  conversation: Conversation,
  former: string | undefined,
): Promise<boolean> {
  // One transaction reads and writes: two tabs can't both find the older version.
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
