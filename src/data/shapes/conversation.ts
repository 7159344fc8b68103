import { readConversation } from './conversations';
import type { RecordShape } from './shape';

/** A list of messages in one column, as TRL, OpenAI and ShareGPT have it. */
export function conversation(name: string): RecordShape {
  return {
    matches: (record) => record[name] !== undefined,
    read: (record, { tags }) => readConversation(record, name, { tags }),
  };
}
