import { format } from '../format';

/** The findings of an export’s check, a sentence each. */
export const exportChecks = {
  checked_exactly: 'Checked: the files were read back and give exactly the same answers.',
  checked_adapter: ({ difference }: { difference: number }) =>
    `Checked: the files were read back, and the adapter is the same up to rounding. Logits differ by at most ${format.number(difference)}.`,
  checked_merged:
    'Checked: the files were read back, and every weight is that of model and adapter, rounded once.',
  checked_beside:
    'Checked: the files were read back. They have the base’s weights as they were during training, and the trained adapter beside them.',
  checked_onto_original:
    'Checked: the files were read back, and every weight is that of the original model and the adapter, rounded once.',
  checked_share: ({ share }: { share: number }) =>
    `What the training changed is in them at ${format.percent(share)} of its size.`,
  checked_logits: ({ difference, count, of }: { difference: number; count: number; of: number }) =>
    `Logits differ by at most ${format.number(difference)}, and ${format.count(count)} of ${format.count(of)} next tokens are the same.`,
  checked_without_logits: 'Logits were not compared, because the model is too large to run here once more.',
  checked_tokens: 'Checked: the files were read back and give exactly the tokens that are trained on here.',
  checked_conversations:
    'Checked: the files were read back. The files of tokens have exactly those that are trained on here; the records have the same conversations, without the Alpaca prompt.',
};
