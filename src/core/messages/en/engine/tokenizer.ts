/** Why a tokenizer can't be used. */
export const tokenizerMessages = {
  tokenizer_field: ({ field, reason }: { field?: string; reason: string }) => `${field ?? 'it'}: ${reason}`,
  tokenizer_no_object: 'it is not an object',
  tokenizer_added_list: 'its added_tokens are not a list',
  tokenizer_added: ({ value }: { value: string }) => `its added token ${value} has no content or no id`,
  tokenizer_no_model: 'it has no “model”',
  tokenizer_model_type: ({ type }: { type: string }) =>
    `its model is of the type ${type}, and only BPE is supported`,
  tokenizer_no_vocabulary: 'its model has no vocabulary',
  tokenizer_no_id: ({ token }: { token: string }) => `its vocabulary gives ${token} no id`,
  tokenizer_no_merges: 'its model has no merges',
  tokenizer_merge_token: ({ line, token }: { line: number; token: string }) =>
    `merge ${line} needs ${token}, which its vocabulary lacks`,
  tokenizer_merge_pair: ({ line }: { line: number }) => `merge ${line} is not a pair of tokens`,
  tokenizer_deep: ({ part }: { part: string }) => `its ${part} is nested too deeply`,
  tokenizer_part_object: ({ part }: { part: string }) => `its ${part} is not an object`,
  tokenizer_part_list: ({ part }: { part: string }) => `its ${part} has no list of parts`,
  tokenizer_part_empty: ({ part }: { part: string }) => `its ${part} has an empty part`,
  tokenizer_part_unknown: ({ part, type }: { part: string; type: string }) =>
    `its ${part} ${type} is not supported`,
  tokenizer_value: ({
    field,
    type,
    kind,
  }: {
    field: string;
    type: string;
    kind: 'text' | 'boolean' | 'number';
  }) => `“${field}” of its ${type} is not a ${kind}`,
  tokenizer_pattern: ({ type }: { type: string }) =>
    `the pattern of its ${type} is neither a text nor a regular expression`,
  tokenizer_pattern_endless: ({ pattern }: { pattern: string }) =>
    `its pattern ${pattern} can take too long: it repeats a part that itself repeats or has a choice`,
  tokenizer_pattern_unknown: ({ pattern, why }: { pattern: string; why?: string }) =>
    `its pattern ${pattern} is not understood${why === undefined ? '' : ` (${why})`}`,
  tokenizer_text_once: 'its post_processor must have the text exactly once',
  tokenizer_post_token: ({ token }: { token: string }) =>
    `its post_processor names an unknown token ${token}`,
  tokenizer_post_id: 'its post_processor has a token without an id',
  tokenizer_post_unknown_id: ({ id }: { id: number }) =>
    `its post_processor adds the id ${id}, which no token has`,
  tokenizer_scheme: ({ scheme }: { scheme: string }) =>
    `the prepend_scheme ${scheme} of its Metaspace is unknown`,
  tokenizer_behavior: ({ behavior }: { behavior: string }) => `the split behavior ${behavior} is unknown`,
};
