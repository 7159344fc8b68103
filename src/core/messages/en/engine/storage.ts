/** Names of stored things, and sentences that earlier versions stored. */
export const storage = {
  /** A sentence that an earlier version stored. */
  sentence_kept: ({ text }: { text: string }) => text,
  stored_run: 'the run and its examples',
  stored_run_record: 'the record of the run',
  stored_checkpoint: ({ step }: { step: number }) => `the checkpoint of step ${step}`,
  stored_page: 'the page',
};
