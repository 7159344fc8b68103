import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Message } from '../../src/data/records';
import { jinjaTemplate, type ChatTemplate, type TemplateSource } from '../../src/data/template';

export interface Conversation {
  readonly messages: readonly (Readonly<Record<string, unknown>> & { role: Message['role'] })[];
  readonly tools?: readonly unknown[];
  readonly add_generation_prompt?: boolean;
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly text?: string;
  readonly generated?: readonly string[];
  readonly error?: string;
}

export interface Expected extends Outcome {
  /** The answers, by marks put into a copy of the template by hand; null if transformers refuses the conversation. */
  readonly answers?: readonly string[] | null;
}

export const folder = new URL('./', import.meta.url);
export const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, folder), 'utf8'));

/** The values that tests/templates/make_fixtures.py had from transformers. */
export const { conversations, tokens, now, families } = fixture('families') as {
  conversations: Readonly<Record<string, Conversation>>;
  tokens: Readonly<Record<string, string>>;
  now: number[];
  families: Readonly<Record<string, Readonly<Record<string, Expected>>>>;
};
export const [year = 0, month = 0, ...rest] = now;

export const made = (source: TemplateSource): ChatTemplate =>
  jinjaTemplate(source, { specialTokens: tokens, now: new Date(year, month - 1, ...rest) });

export function messagesOf(conversation: Conversation): Message[] {
  return conversation.messages.map((fields) => ({
    role: fields.role,
    content: textOf(fields.content),
    fields,
  }));
}

export function textOf(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return (content as { text: string }[]).map(({ text }) => text).join('');
}

export function outcome(source: TemplateSource, conversation: Conversation): Outcome {
  const template = made(source);
  const { tools, kwargs: variables } = conversation;
  const inputs = { tools, variables };
  const messages = messagesOf(conversation);
  try {
    const text = template.render(messages, conversation.add_generation_prompt, inputs);
    const generated = template.generated?.(messages, inputs);
    return generated
      ? { text, generated: generated.map(({ start, end }) => text.slice(start, end)) }
      : { text };
  } catch (error) {
    expect(error).toMatchObject({ code: 'chat_template' });
    return { error: 'refused' };
  }
}
