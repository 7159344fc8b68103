const expected = {
  value: 'a value',
  list_goes_on: ', or ]',
  object_goes_on: ', or }',
  value_or_end: 'a value or ]',
  key_or_end: 'a key or }',
  key: 'a key',
  colon: 'a colon',
};

/** Why a text is no JSON. */
export const jsonMessages = {
  json_trailing: 'something follows the end of the value',
  json_ends: (values: { expected: keyof typeof expected }) =>
    `the text ends where ${expected[values.expected]} should follow`,
  json_too_deep: ({ most }: { most: number }) => `lists and objects are nested more than ${most} deep`,
  json_comma_missing: ({ close, found }: { close: string; found: string }) =>
    `a comma or ${close} is missing before this: ${found}`,
  json_comma_extra: ({ close }: { close: string }) => `there is an extra comma before ${close}`,
  json_half_character: 'a text has half of a character (a lone surrogate), which no tokenizer can read',
  json_key_unquoted: ({ found }: { found: string }) => `a key in double quotes should be here: ${found}`,
  json_colon_missing: ({ found }: { found: string }) => `a colon is missing before this: ${found}`,
  json_hexadecimal: '\\u needs four hexadecimal digits',
  json_escape: ({ letter }: { letter: string }) =>
    `\\${letter} is not a JSON escape: write \\\\ for a backslash`,
  json_quote_open: 'the quote that opens here is never closed',
  json_number: ({ found }: { found: string }) => `${found} is not a JSON number`,
  json_digits: ({ digits, most }: { digits: number; most: number }) =>
    `an integer has ${digits} digits; Python reads ${most} at most`,
  json_no_value: ({ found }: { found: string }) => `this is not a JSON value: ${found}`,
  json_single_quotes: 'JSON has texts in double quotes, not in single ones',
  json_curly_quotes: 'JSON has texts in straight double quotes ("), not in “these”',
  json_comment: 'JSON has no comments',
  json_byte_order_mark: 'a byte order mark is in the middle of the file, where files were joined',
  json_python: ({ word, meant }: { word: string; meant: string }) => `${word} is Python’s; JSON has ${meant}`,
  json_undefined: 'JSON has null, not undefined',
  json_line_break: 'a text has a line break in it; JSON writes \\n, or a quote is missing',
  json_tab: 'a text has a tab in it; JSON writes \\t',
  json_control: ({ character }: { character: string }) =>
    `a text has the control character ${character} in it; JSON escapes those`,
};
