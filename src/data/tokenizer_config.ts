import { isRecord } from '../core/json';

/** Files that stand beside `tokenizer_config.json`, parsed; undefined if they are absent. */
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
 * `tokenizer_config.json` with what older checkpoints keep in files of their own, where it lacks that: special tokens,
 * added tokens and the chat template. What it says itself holds.
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

/** A token is given as text, or as an object with its text under `content`. */
function contentOf(token: unknown): unknown {
  return isRecord(token) ? token.content : token;
}

/** Templates by name join the one that has none, which becomes `default`. */
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
