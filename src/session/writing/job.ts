import type { Message } from '../../core/messages/message';
import type { ChatMessage } from '../chat/chats';
import type { Proposal } from './proposal';
import type { Completion } from './writer';

/** One request and the way to make rows of its answer. */
export interface WritingJob {
  readonly messages: readonly ChatMessage[];
  /** Most tokens of the answer, if they are fewer than those of all others. */
  readonly tokens?: number;
  /** Follows the writer's name in the origin of its rows. */
  readonly remark?: string;
  /** The rows in an answer, and why there are none. */
  rows(completion: Completion): { readonly rows: readonly WrittenRow[]; readonly problem?: Message };
}

export type WrittenRow = Omit<Proposal, 'origin'>;

export interface JobOptions {
  /** The request's words; names in braces stand for its inputs. */
  readonly prompt: string;
  /** Rows that are asked for in each request. */
  readonly count: number;
  /** Most requests. */
  readonly most: number;
}
