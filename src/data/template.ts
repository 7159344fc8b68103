import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import type { Message } from './rows';
import type { SpecialTokens } from './tokenizer';

/** Turns a conversation into the text that a model reads. */
export interface ChatTemplate {
  /** How messages name it. */
  readonly name: string;
  /** Whether the tokenizer's own special tokens (a `bos_token`) go around the text: not where the template writes them. */
  readonly addSpecialTokens: boolean;
  /**
   * @param addGenerationPrompt whether to go on until where an answer would begin
   * @throws TunesmithError where the template refuses the conversation
   */
  render(messages: readonly Message[], addGenerationPrompt?: boolean): string;
}

/**
 * The template of a model: the file `chat_template.jinja` where there is one, else `chat_template` of
 * `tokenizer_config.json` (of several, the one named `default`). Undefined where it has none.
 */
export function chatTemplateSource(tokenizerConfig: unknown, templateFile?: string): string | undefined {
  if (templateFile !== undefined) return templateFile;
  const source = isRecord(tokenizerConfig) ? tokenizerConfig.chat_template : undefined;
  if (typeof source === 'string') return source;
  const named: unknown[] = Array.isArray(source) ? source : [];
  const chosen = named.filter(isRecord).find(({ name }) => name === 'default');
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}

export interface TemplateOptions {
  readonly specialTokens: SpecialTokens;
  /** More variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** The time that `strftime_now` tells; without it, the time of rendering. */
  readonly now?: Date;
}

/**
 * A Jinja chat template, rendered as `apply_chat_template` of transformers does: blocks trimmed, `tools` and `documents`
 * none, the special tokens as variables, and `raise_exception` and `strftime_now`.
 *
 * One difference is known: the Jinja library lets `strip`, `lstrip` and `rstrip` ignore their argument, so where a
 * template strips only line breaks from an answer (Qwen3), spaces at its edges go as well.
 *
 * @throws TunesmithError where it is no valid template
 */
export function jinjaTemplate(source: string, options: TemplateOptions): ChatTemplate {
  const { specialTokens, variables, now } = options;
  const program = (() => {
    try {
      return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    } catch (cause) {
      throw templateError('is no valid template', cause);
    }
  })();
  return {
    name: "the model's chat template",
    addSpecialTokens: false,
    render(messages, addGenerationPrompt = false) {
      const environment = new Environment();
      const values = {
        ...{ true: true, false: false, none: null, True: true, False: false, None: null },
        ...{ range, raise_exception: raiseException },
        strftime_now: (format: string) => strftime(now ?? new Date(), format),
        ...{ tools: null, documents: null, add_generation_prompt: addGenerationPrompt },
        messages: messages.map(({ role, content }) => ({ role, content })),
        ...variables,
      };
      for (const [name, value] of Object.entries(values)) environment.set(name, value);
      for (const [name, token] of Object.entries<string | undefined>(specialTokens)) {
        if (token !== undefined) environment.set(name, token); // a template may ask whether it is defined
      }
      let result: unknown;
      try {
        result = new Interpreter(environment).run(program).value;
      } catch (cause) {
        throw templateError('refused a conversation', cause);
      }
      return String(result);
    },
  };
}

function raiseException(message: string): never {
  throw new Error(message);
}

function range(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/** Python's `strftime` in English, for the directives that chat templates use. */
function strftime(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const word = (options: Intl.DateTimeFormatOptions): string => date.toLocaleDateString('en-US', options);
  const directives: Readonly<Record<string, () => string>> = {
    '%Y': () => String(date.getFullYear()),
    '%m': () => two(date.getMonth() + 1),
    '%d': () => two(date.getDate()),
    '%B': () => word({ month: 'long' }),
    '%b': () => word({ month: 'short' }),
    '%A': () => word({ weekday: 'long' }),
    '%a': () => word({ weekday: 'short' }),
    '%H': () => two(date.getHours()),
    '%M': () => two(date.getMinutes()),
    '%S': () => two(date.getSeconds()),
    '%%': () => '%',
  };
  return format.replace(/%./g, (directive) => directives[directive]?.() ?? directive);
}

function templateError(what: string, cause: unknown): TunesmithError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TunesmithError({
    code: 'chat_template',
    message: `The model's chat template ${what}: ${reason}`,
    hint: 'Correct the conversation, or choose the Alpaca prompt as the template.',
    cause,
  });
}

const PREAMBLE = 'Below is an instruction that describes a task';
const INPUT = ', paired with an input that provides further context';
const REQUEST = '. Write a response that appropriately completes the request.';

/**
 * The prompt of Stanford Alpaca (2023), for models without a template. A system message goes before it; further turns
 * repeat the parts under `### Instruction:` and `### Response:`; every answer ends with `eosToken`.
 */
export function alpacaTemplate(eosToken: string | undefined): ChatTemplate {
  return {
    name: 'the Alpaca prompt',
    addSpecialTokens: true,
    render(messages, addGenerationPrompt = false) {
      const [first] = messages;
      let text = first?.role === 'system' ? `${first.content}\n\n` : '';
      let questions = 0;
      for (const { role, content, alpaca } of messages) {
        if (role === 'assistant') text += `### Response:\n${content}${eosToken ?? ''}`;
        if (role !== 'user') continue;
        text += questions++ === 0 ? `${PREAMBLE}${alpaca ? INPUT : ''}${REQUEST}\n\n` : '\n\n';
        text += `### Instruction:\n${alpaca?.instruction ?? content}\n\n`;
        if (alpaca) text += `### Input:\n${alpaca.input}\n\n`;
      }
      return addGenerationPrompt ? `${text}### Response:\n` : text;
    },
  };
}
