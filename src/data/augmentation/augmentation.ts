import { textsOf, withCleanTexts } from '../cleaning/sample_texts';
import type { Message, Sample } from '../messages';
import { Draws } from './draws';
import type { Technique } from './technique';
import { techniquesOf, type TechniqueName, type TechniqueOptions } from './techniques';

export interface AugmentationOptions {
  readonly techniques: TechniqueOptions;
  /** Most rows that each technique makes of one row. */
  readonly copies: number;
  readonly seed: number;
  /** Whether plain texts are changed too; otherwise only the questions of conversations. */
  readonly texts?: boolean;
}

/** A row that a technique made of another. */
export interface Variant {
  readonly technique: TechniqueName;
  readonly sample: Sample;
  /** The first text that was changed, before and after. */
  readonly before: string;
  readonly after: string;
}

/** A row is tried this many times as often as copies of it are wanted, because two tries may give the same text. */
const TRIES = 3;

/**
 * Makes rows of others without a model, by changing the words of the person: answers, system messages, calls and their
 * results stay as they are, as do code, addresses, numbers, placeholders and quotations within a question. The same row
 * with the same options always gives the same variants.
 */
export class Augmentation {
  /** The techniques that are on. */
  readonly techniques: ReturnType<typeof techniquesOf>;
  readonly #options: AugmentationOptions;

  /** Throws as the techniques do if their options can't be used. */
  constructor(options: AugmentationOptions) {
    this.#options = options;
    this.techniques = techniquesOf(options.techniques);
  }

  /** The variants of a row: none of them equals the row or another one. */
  variants(sample: Sample): readonly Variant[] {
    const { copies, texts = false } = this.#options;
    if (sample.kind === 'text' && !texts) return [];
    const made = new Set<string>();
    return this.techniques.flatMap(({ name, technique }) => {
      const found: Variant[] = [];
      for (let attempt = 0; attempt < TRIES * copies && found.length < copies; attempt++) {
        const variant = this.#variant(sample, name, technique, attempt);
        if (!variant) continue;
        const key = JSON.stringify(userTexts(variant.sample));
        if (made.has(key)) continue;
        made.add(key);
        found.push(variant);
      }
      return found;
    });
  }

  #variant(sample: Sample, name: TechniqueName, technique: Technique, attempt: number): Variant | undefined {
    const purpose = JSON.stringify([name, attempt, userTexts(sample)]);
    const draws = new Draws(this.#options.seed, purpose);
    const calls = callsIn(sample);
    const isKept = (word: string): boolean => calls.includes(word);
    let first: { readonly before: string; readonly after: string } | undefined;
    let count = 0;
    const changed = withQuestions(sample, (text) => {
      if (technique.onlyFirst && count++ > 0) return text;
      const varied = technique.vary(text, draws, isKept);
      if (varied === undefined || varied === text) return text;
      first ??= { before: text, after: varied };
      return varied;
    });
    return first && { technique: name, sample: changed, ...first };
  }
}

/** The texts that may be changed: those of the person, or the plain text. */
function userTexts(sample: Sample): readonly string[] {
  const texts: string[] = [];
  withQuestions(sample, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}

/** The sample with other questions. An Alpaca row's input is data that the instruction speaks of, and stays. */
function withQuestions(sample: Sample, change: (text: string) => string): Sample {
  if (sample.kind === 'text') return { ...sample, text: change(sample.text) };
  return {
    ...sample,
    messages: sample.messages.map((message) =>
      message.role === 'user' ? withQuestion(message, change) : message,
    ),
  };
}

function withQuestion(message: Message, change: (text: string) => string): Message {
  const { content, alpaca } = message;
  if (alpaca) {
    const instruction = change(alpaca.instruction);
    const parts = [instruction, alpaca.input].filter((part) => part.trim() !== '');
    return { ...message, content: parts.join('\n'), alpaca: { ...alpaca, instruction } };
  }
  const varied = change(content);
  const { messages } = withCleanTexts({ kind: 'chat', messages: [message] }, (text) =>
    text === content ? varied : text,
  ) as Sample & { readonly kind: 'chat' };
  return messages[0]!;
}

/** The texts of a conversation's calls: words that they repeat have to stay in the questions. */
function callsIn(sample: Sample): string {
  if (sample.kind === 'text') return '';
  const calling = sample.messages.filter(({ fields }) => fields?.tool_calls !== undefined);
  return textsOf({ kind: 'chat', messages: calling }).join('\n');
}
