import { messagesOf, SIDES, type Answer, type Conversation, type Side } from './conversation';

/** The names of the parts of an exported conversation. */
export interface ExportWords {
  readonly title: string;
  readonly you: string;
  readonly system: string;
  readonly base: string;
  readonly tuned: string;
  readonly export: string;
  /** Why an answer is not whole. */
  readonly stoppedBy: Readonly<Record<'person' | 'length' | 'stop_token', string>>;
}

/**
 * The whole conversation for a person to read. Messages are quoted, because they may contain headings and fences.
 *
 * @param adapter the adapter's name; empty if only the base answered
 */
export function markdownOf(conversation: Conversation, adapter: string, words: ExportWords): string {
  const { speaker, system, turns, startedAt } = conversation;
  const parts = [
    `# ${words.title}`,
    [speaker.model, adapter, speaker.export ?? '', startedAt].filter((part) => part !== '').join(' · '),
  ];
  if (system.trim() !== '') parts.push(`## ${words.system}`, quoted(system.trim()));
  for (const turn of turns) {
    parts.push(`## ${words.you}`, quoted(turn.question));
    for (const side of SIDES) {
      const answer = turn[side];
      if (!answer || answer.error || answer.text === '') continue;
      const cut = words.stoppedBy[answer.stoppedBy ?? 'stop_token'];
      parts.push(`### ${words[side]}${cut === '' ? '' : ` (${cut})`}`, quoted(answer.text));
    }
  }
  return `${parts.join('\n\n')}\n`;
}

function quoted(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');
}

/**
 * The conversation as records for training, in the form that the examples step reads: one for each side that answered,
 * with its own answers. Turns whose answer was stopped or cut are left out: a model would
 * learn to break off.
 */
export function rowsOf(conversation: Conversation, adapter: string): string {
  const { speaker } = conversation;
  const whole = {
    ...conversation,
    turns: conversation.turns.map((turn) => ({
      ...turn,
      base: wholeAnswer(turn.base),
      tuned: wholeAnswer(turn.tuned),
      export: wholeAnswer(turn.export),
    })),
  };
  const rows = SIDES.flatMap((side: Side) => {
    const messages = messagesOf(whole, side);
    if (!messages.some(({ role }) => role === 'assistant')) return [];
    const model = side === 'export' ? speaker.export : speaker.model;
    return [{ messages, answered_by: side, model, ...(side === 'tuned' && { adapter }) }];
  });
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function wholeAnswer(answer: Answer | undefined): Answer | undefined {
  return answer?.stoppedBy === 'person' || answer?.stoppedBy === 'length' ? undefined : answer;
}
