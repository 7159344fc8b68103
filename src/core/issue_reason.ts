import type { GenericIssue } from 'valibot';
import { engine } from './messages/en/engine';
import { message, type EngineCode, type Message } from './messages/message';

/** The codes of messages whose only value, if any, is `given`: the refused input. */
type ReasonCode = {
  [Code in EngineCode]: (typeof engine)[Code] extends string | ((values: { given: string }) => string)
    ? Code
    : never;
}[EngineCode];

/** Marks a message's code as the text that a schema reports with an issue; `issueReason` turns it into the message. */
export function reason(code: ReasonCode): ReasonCode {
  return code;
}

/** Why a schema refuses a value: the schema's own reason, or else the type that it expects. */
export function issueReason(
  issue: Pick<GenericIssue, 'message' | 'expected' | 'received' | 'input'>,
): Message {
  const { message: told, expected, received, input } = issue;
  if (Object.hasOwn(engine, told)) return { code: told as ReasonCode, values: { given: String(input) } };
  if (received === 'undefined') return message('value_absent');
  return message('value_differs', { expected: expected ?? '', received });
}
