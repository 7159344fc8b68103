import { message as told, type EngineCode, type Message as Reason } from '../core/messages/message';

/** The speaker of a message; `tool` and `ipython` give the result of a call. */
export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'ipython'] as const;
export type Role = (typeof ROLES)[number];

export interface Message {
  readonly role: Role;
  /** Its text; if it has several parts, all of them joined. */
  readonly content: string;
  /**
   * The message as the data has it, if it has more than a role and a text (`tool_calls`, `reasoning_content`, parts of
   * content). The template then gets these fields.
   */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** `fields` with the arguments of calls as JSON text, as the data has them; set if `fields` has them parsed. */
  readonly asGiven?: Readonly<Record<string, unknown>>;
  /** Set for an answer that the data excludes from training (`weight` 0). */
  readonly trained?: false;
  /** The factor of an answer's loss, above 0; absent if it is 1. */
  readonly weight?: number;
  /**
   * Set for a last answer that is only the beginning of one (`prefix`, as in Mistral's and DeepSeek's interfaces): nothing
   * is learnt of where it ends, and earlier answers are context.
   */
  readonly prefix?: true;
  /** For an Alpaca record with an input: its two parts, which `content` joins by a line break. */
  readonly alpaca?: { readonly instruction: string; readonly input: string };
}

/** Beside the messages of a conversation. */
interface ChatExtras {
  /** JSON schemas of the functions that the answers may call. */
  readonly tools?: readonly unknown[];
  /** Variables for the template (`chat_template_kwargs`), such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

interface Weighted {
  /** The factor of the row's loss, above 0; absent if it is 1. */
  readonly weight?: number;
}

/** The content of a record: a conversation, or a text for plain language modelling. */
export type Sample =
  | ({ readonly kind: 'chat'; readonly messages: readonly Message[] } & ChatExtras & Weighted)
  | ({ readonly kind: 'text'; readonly text: string } & Weighted);

/** A record with answers that people or programs have judged. The `sft` objective learns none of them. */
export type JudgedSample =
  /** Two answers to one prompt, each a list of messages, as DPO learns from. */
  | ({
      readonly kind: 'preference';
      readonly prompt: readonly Message[];
      readonly chosen: readonly Message[];
      readonly rejected: readonly Message[];
    } & ChatExtras)
  /** A conversation and whether its last answer is good, as KTO learns from. */
  | ({
      readonly kind: 'feedback';
      readonly messages: readonly Message[];
      readonly desirable: boolean;
    } & ChatExtras);

/** Whether a sample says something to learn, as opposed to a judgement of answers. */
export function isLearnt(sample: Sample | JudgedSample): sample is Sample {
  return sample.kind === 'chat' || sample.kind === 'text';
}

/** Whether the loss of a sample, or of an answer in it, has a weight other than 1 and 0. */
export function isWeighted(sample: Sample): boolean {
  if (sample.weight !== undefined) return true;
  return sample.kind === 'chat' && sample.messages.some(({ weight }) => weight !== undefined);
}

/** Why a record can't be used. */
export interface Refused {
  /** A stable name for programs; absent: `record_invalid`. */
  readonly code?: string;
  readonly reason: Reason;
}

export function refused<Code extends EngineCode>(...given: Parameters<typeof told<Code>>): Refused {
  return { reason: told<Code>(...given) };
}
