import * as v from 'valibot';
import { isRecord } from '../core/json';
import { message, type Message } from '../core/messages/message';

function isMessage(value: unknown): value is Message {
  return (
    isRecord(value) &&
    typeof value.code === 'string' &&
    (value.values === undefined || isRecord(value.values))
  );
}

/** A message as storage keeps it. Earlier versions stored sentences instead. */
export const storedMessage = v.union([
  v.custom<Message>(isMessage),
  v.pipe(
    v.string(),
    v.transform((text) => message('sentence_kept', { text })),
  ),
]);
