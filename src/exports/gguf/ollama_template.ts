import type { ChatTemplate } from '../../data/template';
import type { Message } from '../../data/records';

/** The fixed texts of a template around the messages' contents. */
interface Parts {
  /** Before a system prompt, and between it and the first question. */
  readonly beforeSystem: string;
  readonly afterSystem: string;
  /** Before the first question without a system prompt. */
  readonly start: string;
  readonly beforeAnswer: string;
  readonly afterAnswer: string;
  /** After the last question. */
  readonly end: string;
}

const WORDS = ['SystemPrompt0', 'Question1', 'Answer1', 'Question2', 'Answer2', 'Question3'] as const;
const ROLES = ['system', 'user', 'assistant', 'user', 'assistant', 'user'] as const;
const CONVERSATION: readonly Message[] = WORDS.map((content, i) => ({ role: ROLES[i]!, content }));

/**
 * A chat template in Ollama's language (Go's text/template), found by rendering conversations and taking the texts
 * around their contents. Undefined if these texts depend on anything but the roles, or can't be written in the language.
 *
 * @param bos the text that llama.cpp puts before a prompt, so that the template must not
 */
export function ollamaTemplate(template: ChatTemplate, bos: string): string | undefined {
  try {
    const parts = partsOf(template);
    if (!parts || !isExact(template, parts)) return undefined;
    const begin = (part: string): string =>
      bos !== '' && part.startsWith(bos) ? part.slice(bos.length) : part;
    const written = { ...parts, beforeSystem: begin(parts.beforeSystem), start: begin(parts.start) };
    return Object.values(written).some((part) => /\{\{|"""/.test(part)) ? undefined : goTemplate(written);
  } catch {
    // The template refuses such a conversation.
    return undefined;
  }
}

function partsOf(template: ChatTemplate): Parts | undefined {
  const whole = between(template.render(CONVERSATION.slice(0, 4), true), WORDS.slice(0, 4));
  const plain = between(template.render(CONVERSATION.slice(1, 4), true), WORDS.slice(1, 4));
  if (!whole || !plain) return undefined;
  const [beforeSystem, afterSystem, beforeAnswer, afterAnswer, end] = whole;
  return {
    ...{ beforeSystem: beforeSystem!, afterSystem: afterSystem!, start: plain[0]! },
    ...{ beforeAnswer: beforeAnswer!, afterAnswer: afterAnswer!, end: end! },
  };
}

/** The texts before, between and after the words; undefined if they are not there once each, in this order. */
function between(text: string, words: readonly string[]): readonly string[] | undefined {
  const parts: string[] = [];
  let rest = text;
  for (const word of words) {
    const [before, after, more] = rest.split(word);
    if (before === undefined || after === undefined || more !== undefined) return undefined;
    parts.push(before);
    rest = after;
  }
  return [...parts, rest];
}

/** Whether the parts give all beginnings of the conversation, with its system prompt and without. */
function isExact(template: ChatTemplate, parts: Parts): boolean {
  return [0, 1].every((first) =>
    [2, 4, 6].every((last) => {
      const messages = CONVERSATION.slice(first, last);
      return template.render(messages, true) === rendered(messages, parts);
    }),
  );
}

function rendered(messages: readonly Message[], parts: Parts): string {
  const [first] = messages;
  const isSystem = first?.role === 'system';
  const turns = isSystem ? messages.slice(1) : messages;
  return turns.reduce(
    (text, { role, content }, i) => {
      if (role !== 'user') return text + content + parts.afterAnswer;
      return text + content + (i === turns.length - 1 ? parts.end : parts.beforeAnswer);
    },
    isSystem ? parts.beforeSystem + first.content + parts.afterSystem : parts.start,
  );
}

function goTemplate({ beforeSystem, afterSystem, start, beforeAnswer, afterAnswer, end }: Parts): string {
  const isLast = 'eq (len (slice $.Messages $i)) 1';
  return (
    `{{ if .System }}${beforeSystem}{{ .System }}${afterSystem}{{ else }}${start}{{ end }}` +
    '{{ range $i, $_ := .Messages }}' +
    `{{ if eq .Role "user" }}{{ .Content }}{{ if ${isLast} }}${end}{{ else }}${beforeAnswer}{{ end }}` +
    `{{ else if eq .Role "assistant" }}{{ .Content }}{{ if not (${isLast}) }}${afterAnswer}{{ end }}{{ end }}` +
    '{{ end }}'
  );
}
