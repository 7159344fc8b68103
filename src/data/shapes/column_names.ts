/** Names that people give the columns of questions and answers, in small letters. */
export const QUESTIONS = [
  'prompt',
  'question',
  'query',
  'q',
  'instruction',
  'input',
  'user',
  'human',
  '问题',
  '提问',
  '问',
  '指令',
  '输入',
];
export const ANSWERS = [
  'completion',
  'response',
  'answer',
  'a',
  'assistant',
  'reply',
  'output',
  '回答',
  '答案',
  '答',
  '回复',
  '输出',
];
/** Names of columns that add to a question or an answer, so that a person has to say how they are read. */
export const ADDITIONS = [
  'text',
  'messages',
  'conversations',
  'context',
  'passage',
  'document',
  'choices',
  'options',
  'reasoning',
  'reasoning_content',
  'thinking',
  'think',
  'cot',
  'rationale',
  'explanation',
];

/** A column's name in the way in which the lists here have it. */
export function plainName(name: string): string {
  return name.trim().toLowerCase();
}

/** The columns whose name is in a list. */
export function columnsNamed(given: Iterable<string>, names: readonly string[]): readonly string[] {
  return [...given].filter((name) => names.includes(plainName(name)));
}
