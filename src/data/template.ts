import { message, type Told } from '../core/messages/message';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { JinjaError } from './jinja/errors';
import { renderTemplate, type Rendered } from './jinja/interpreter';
import { parseTemplate } from './jinja/parser';
import { textOf } from './jinja/text_of';
import { Callable, fromJson, type Value } from './jinja/values';
import type { Message } from './records';
import { strftime } from './strftime';
import type { SpecialTokens } from './tokenizer';

/** Inputs of a template besides the messages. */
export interface TemplateInputs {
  /** JSON schemas of the functions that the model may call. */
  readonly tools?: readonly unknown[] | undefined;
  /** More variables of the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

/** Turns a conversation into the text that a model reads. */
export interface ChatTemplate {
  /** How messages name it. */
  readonly name: Told;
  /**
   * Whether the tokenizer must add its special tokens (a `bos_token`) around the text. False if the template writes
   * them.
   */
  readonly addSpecialTokens: boolean;
  /**
   * @param addGenerationPrompt whether to append the text that precedes an answer
   * @throws TunesmithError if the template refuses the conversation
   */
  render(messages: readonly Message[], addGenerationPrompt?: boolean, inputs?: TemplateInputs): string;
  /**
   * The ranges that the template itself marks as the model's (`{% generation %}`), as offsets in the result of
   * `render`; undefined if it has no marks.
   */
  generated?(messages: readonly Message[], inputs?: TemplateInputs): Rendered['generated'] | undefined;
}

/** One template, or several by name: `default`, and `tool_use` for conversations with tools. */
export type TemplateSource = string | Readonly<Record<string, string>>;

/**
 * The template of a model: the file `chat_template.jinja` if it exists, else `chat_template` of
 * `tokenizer_config.json`. Undefined if it has none.
 */
export function chatTemplateSource(
  tokenizerConfig: unknown,
  templateFile?: string,
): TemplateSource | undefined {
  const source = isRecord(tokenizerConfig) ? tokenizerConfig.chat_template : undefined;
  if (!Array.isArray(source)) return templateFile ?? (typeof source === 'string' ? source : undefined);
  const named: Record<string, string> = {};
  for (const entry of source as unknown[]) {
    if (!isRecord(entry) || typeof entry.name !== 'string' || typeof entry.template !== 'string') continue;
    named[entry.name] = entry.template;
  }
  if (templateFile !== undefined) named.default = templateFile;
  if (named.default === undefined) return undefined;
  return Object.keys(named).length === 1 ? named.default : named;
}

/**
 * The date of `strftime_now` for examples. It is fixed, so that a run continued on another day sees the same tokens,
 * and the same settings give the same adapter. It is the default date of Llama 3's templates.
 */
export const EXAMPLES_DAY = new Date(2024, 6, 26);

/** Whether two sources have the same templates under the same names. */
export function sameTemplates(a: TemplateSource | undefined, b: TemplateSource | undefined): boolean {
  return a !== undefined && b !== undefined && hasTemplates(a, b) && hasTemplates(b, a);
}

/** Whether a source has all templates of another one, under the same names. */
export function hasTemplates(source: TemplateSource, others: TemplateSource): boolean {
  const own = byName(source);
  return Object.entries(byName(others)).every(([name, text]) => own[name] === text);
}

function byName(source: TemplateSource): Readonly<Record<string, string>> {
  return typeof source === 'string' ? { default: source } : source;
}

export interface TemplateOptions {
  readonly specialTokens: SpecialTokens;
  /** Variables for every conversation, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** The time for `strftime_now`; if absent, the time of rendering. */
  readonly now?: Date;
  /** Limit of the work of one rendering; by default far more than templates need. */
  readonly maxSteps?: number;
}

const GENERATION = /\{%-?\s*generation\s*-?%\}/;

/**
 * A Jinja chat template, rendered as `apply_chat_template` of transformers does: blocks trimmed, `tools` and
 * `documents` none, the special tokens as variables, and `raise_exception` and `strftime_now`. An unsupported feature
 * of Jinja is refused by name.
 *
 * @throws TunesmithError if it is no valid template
 */
export function jinjaTemplate(source: TemplateSource, options: TemplateOptions): ChatTemplate {
  const { specialTokens, now } = options;
  const parsed = new Map(
    Object.entries(byName(source)).map(([name, text]) => {
      try {
        return [name, { body: parseTemplate(text), marked: GENERATION.test(text) }];
      } catch (cause) {
        throw templateError(false, cause);
      }
    }),
  );
  const chosen = (tools: TemplateInputs['tools']) =>
    (tools === undefined ? undefined : parsed.get('tool_use')) ?? parsed.get('default');

  function run(messages: readonly Message[], addGenerationPrompt: boolean, inputs: TemplateInputs): Rendered {
    const { tools, variables } = inputs;
    const json = {
      ...specialTokens,
      ...options.variables,
      ...variables,
      messages: messages.map(({ role, content, fields }) =>
        withReasoning(withoutNulls(fields ?? { role, content })),
      ),
      tools: tools ?? null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
    };
    const values = new Map<string, Value>([
      ['raise_exception', new Callable('raise_exception', raiseException)],
      [
        'strftime_now',
        new Callable('strftime_now', ([format = '']) => strftime(now ?? new Date(), textOf(format))),
      ],
    ]);
    try {
      for (const [name, value] of Object.entries<unknown>(json)) {
        if (value !== undefined) values.set(name, fromJson(value)); // leaves an undefined variable out: a template may test `is defined`
      }
      return renderTemplate(chosen(tools)?.body ?? [], values, options.maxSteps);
    } catch (cause) {
      throw templateError(true, cause);
    }
  }

  return {
    name: message('template_own'),
    addSpecialTokens: false,
    render: (messages, addGenerationPrompt = false, inputs = {}) =>
      run(messages, addGenerationPrompt, inputs).text,
    generated: (messages, inputs = {}) =>
      chosen(inputs.tools)?.marked === true ? run(messages, false, inputs).generated : undefined,
  };
}

/** Drops null fields, as transformers does from version 5 on: many templates print a null as "None", or refuse it. */
function withoutNulls(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));
}

/** Names of the field with a message's thoughts, in the order in which templates look for them. */
export const THOUGHT_FIELDS: readonly string[] = ['reasoning_content', 'thinking', 'reasoning'];

/** Gives the thoughts under the two names that templates read. */
function withReasoning(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const reasoning = THOUGHT_FIELDS.map((name) => message[name]).find((value) => value !== undefined);
  if (reasoning === undefined) return message;
  return { thinking: reasoning, ...message, reasoning_content: reasoning };
}

function raiseException([message = '']: readonly Value[]): never {
  throw new JinjaError(textOf(message));
}

/** @param parsed whether the template is valid and has refused a conversation */
function templateError(parsed: boolean, cause: unknown): TunesmithError {
  return new TunesmithError({ code: 'chat_template', values: { parsed, reason: reasonOf(cause) }, cause });
}

function reasonOf(cause: unknown): Told {
  if (cause instanceof JinjaError) return cause.reason;
  if (cause instanceof RangeError) return message('template_endless');
  return cause instanceof Error ? cause.message : String(cause);
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
    name: message('template_alpaca'),
    addSpecialTokens: true,
    render(messages, addGenerationPrompt = false, { tools } = {}) {
      const misfit = messages.find(({ role, fields }) => role === 'tool' || fields?.tool_calls);
      if (tools !== undefined || misfit) throw withoutTools();
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

/**
 * The Alpaca prompt as a Jinja template, for programs that run a model trained with it: the same text as `alpacaTemplate`
 * for messages. Programs render templates without the tokenizer's special tokens, so it writes the first one itself.
 *
 * @param bosToken the token that the tokenizer puts before a text; undefined if it puts none
 */
export function alpacaJinja(eosToken: string | undefined, bosToken: string | undefined): string {
  const text = (value: string): string => `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  return [
    ...(bosToken === undefined ? [] : [`{{- ${text(bosToken)} -}}`]),
    `{%- if messages and messages[0]['role'] == 'system' -%}{{- messages[0]['content'] + ${text('\n\n')} -}}{%- endif -%}`,
    '{%- set turn = namespace(questions=0) -%}{%- for message in messages -%}',
    `{%- if message['role'] == 'assistant' -%}{{- ${text('### Response:\n')} + message['content'] + ${text(eosToken ?? '')} -}}`,
    `{%- elif message['role'] == 'user' -%}{%- if turn.questions == 0 -%}{{- ${text(`${PREAMBLE}${REQUEST}\n\n`)} -}}`,
    `{%- else -%}{{- ${text('\n\n')} -}}{%- endif -%}{%- set turn.questions = turn.questions + 1 -%}`,
    `{{- ${text('### Instruction:\n')} + message['content'] + ${text('\n\n')} -}}{%- endif -%}{%- endfor -%}`,
    `{%- if add_generation_prompt -%}{{- ${text('### Response:\n')} -}}{%- endif -%}`,
  ].join('');
}

function withoutTools(): TunesmithError {
  return new TunesmithError({ code: 'chat_template_tools' });
}
