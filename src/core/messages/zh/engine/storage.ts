import type { storage as english } from '../../en/engine/storage';

/** Names of stored things, and sentences that earlier versions stored. */
export const storage: typeof english = {
  /** A sentence that an earlier version stored. */
  sentence_kept: ({ text }) => text,
  stored_run: '训练任务及其样本',
  stored_run_record: '训练任务的记录',
  stored_checkpoint: ({ step }) => `第 ${step} 步的检查点`,
  stored_page: '本页面的数据',
};
