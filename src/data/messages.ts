import { message as told, type EngineCode, type Message as Reason } from '../core/messages/message';

/** Who speaks; `tool` and `ipython` give what a call of a tool gave. */
export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'ipython'] as const;
export type Role = (typeof ROLES)[number];

export interface Message {
  readonly role: Role;
  /** Its text; of several parts, all of it. */
  readonly content: string;
  /**
   * The message as the data has it, where it has more than a role and a text (`tool_calls`, `reasoning_content`, parts of
   * content): that is what a template sees then.
   */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** `fields` with the arguments of calls as the JSON texts that the data has, if `fields` has what they mean. */
  readonly asGiven?: Readonly<Record<string, unknown>>;
  /** Set for an answer that the data excludes from what is learnt (`weight` 0). */
  readonly trained?: false;
  /** Of an Alpaca record with an input: its two parts, which `content` joins by a line break. */
  readonly alpaca?: { readonly instruction: string; readonly input: string };
}

/** What a record teaches: a conversation, or a text to be continued. */
export type Sample =
  | {
      readonly kind: 'chat';
      readonly messages: readonly Message[];
      /** JSON schemas of the functions that the answers may call. */
      readonly tools?: readonly unknown[];
      /** Variables for the template (`chat_template_kwargs`), such as `enable_thinking`. */
      readonly variables?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'text'; readonly text: string };

/** Why a record can't be learnt from. */
export interface Refused {
  /** A stable name for programs; absent: `record_invalid`. */
  readonly code?: string;
  readonly reason: Reason;
}

export function refused<Code extends EngineCode>(...given: Parameters<typeof told<Code>>): Refused {
  return { reason: told<Code>(...given) };
}
