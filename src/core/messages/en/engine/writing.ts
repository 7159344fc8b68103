/** Reasons for which an answer of a model becomes no row. */
export const writingMessages = {
  answer_no_json: 'the answer has no question and answer in JSON',
  answer_cut: 'the answer reached its greatest length',
  written_empty: 'the answer is empty',
  answer_repeats: 'the row is there already',
};
