/** Reasons for which an answer of a model becomes no row. */
export const writingMessages = {
  answer_no_json: 'the answer has no question and answer in JSON',
  answer_cut: 'the answer reached its greatest length',
  answer_broken: ({ reason }: { reason: string }) =>
    `the service ended the answer before its end (“${reason}”)`,
  answer_fewer: 'the answer has fewer rows than were asked for',
  temperature_refused: 'the service takes no temperature and used its own',
  written_empty: 'the answer is empty',
  answer_repeats: 'the row is there already',
};
