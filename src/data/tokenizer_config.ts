import { isRecord } from '../core/json';

/** The parsed files beside `tokenizer_config.json`; undefined if absent. */
export interface TokenizerCompanions {
  /** `special_tokens_map.json` */
  readonly specialTokensMap?: unknown;
  /** `added_tokens.json`: ids by token */
  readonly addedTokens?: unknown;
  /** `chat_template.json` */
  readonly templateJson?: unknown;
  /** Texts of `additional_chat_templates/NAME.jinja` by NAME. */
  readonly moreTemplates?: Readonly<Record<string, string>>;
}

const SPECIAL = ['bos_token', 'eos_token', 'pad_token', 'unk_token'];

/**
 * Completes `tokenizer_config.json` with values that older checkpoints keep in separate files: special tokens, added
 * tokens and the chat template. Its own values take precedence.
 */
export function completeTokenizerConfig(config: unknown, companions: TokenizerCompanions): unknown {
  if (!isRecord(config)) return config;
  const { specialTokensMap, addedTokens, templateJson } = companions;
  const completed: Record<string, unknown> = { ...config };
  const map = isRecord(specialTokensMap) ? specialTokensMap : {};
  for (const name of SPECIAL) completed[name] = completed[name] ?? map[name] ?? completed[name];
  if (isRecord(addedTokens) && !isRecord(config.added_tokens_decoder)) {
    const special = new Set([...SPECIAL.map((name) => completed[name]), ...listed(map)].map(contentOf));
    completed.added_tokens_decoder = Object.fromEntries(
      Object.entries(addedTokens).map(([content, id]) => [
        String(id),
        { content, special: special.has(content), normalized: false },
      ]),
    );
  }
  if (isRecord(templateJson)) completed.chat_template ??= templateJson.chat_template;
  return withTemplates(completed, companions.moreTemplates ?? {});
}

function listed(map: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { additional_special_tokens } = map;
  return Array.isArray(additional_special_tokens) ? additional_special_tokens : [];
}

/** The text of a token, which is given as text or as an object with the text under `content`. */
function contentOf(token: unknown): unknown {
  return isRecord(token) ? token.content : token;
}

/** Adds templates by name; the template without a name becomes `default`. */
function withTemplates(
  config: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const named = Object.entries(more).map(([name, template]) => ({ name, template }));
  if (named.length === 0) return config;
  const { chat_template: own } = config;
  const first: unknown[] = Array.isArray(own) ? own : own ? [{ name: 'default', template: own }] : [];
  return { ...config, chat_template: [...first, ...named] };
}
