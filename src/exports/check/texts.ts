import { errorCode } from '../../core/errors';
import { chatTemplateSource, sameTemplates } from '../../data/template';
import type { Tokenizer } from '../../data/tokenizer';
import { readJson, readText, type ModelFolder } from '../../models/folder';
import { readTokenizerConfig } from '../../models/tokenizer_files';
import { CONFIG, TEMPLATE, type SmallFacts } from '../card/small_files';
import { tokenizerOf } from '../card/tokenizer';
import { exportDiffers } from '../run';

/**
 * Texts on which tokenizers easily differ: cases, digits, contractions, other scripts, combining marks, emoji, line
 * breaks, code. None has two spaces in a row, because llama.cpp joins those of some tokenizers in its own way.
 */
const TEXTS = [
  'Hello, world! It’s 2024; we’ll pay $1,234.50 (about 5 %).',
  "don't DON'T I'M they've naïve café Ångström ñandú",
  '你好，世界！今天天气怎么样？一二三，ABC１２３。',
  'Привет, мир! Γειά σου Κόσμε. مرحبا بالعالم. नमस्ते दुनिया। 안녕하세요 こんにちは',
  '👩‍👩‍👧 🏳️‍🌈 ❤️ e\u0301 \u00a0x',
  'def f(x):\n\treturn {"a": [x**2, -1e-7]}\n\n# end\r\n',
  'a',
  ' leading and trailing ',
];

/**
 * Compares the tokenizer and the chat template of an export with those that the model answers with here.
 *
 * @throws TunesmithError `export_differs` naming the text
 */
export function checkTexts(source: SmallFacts, written: SmallFacts): void {
  const [ours, theirs] = [tokenizerOf(source), tokenizerOf(written)];
  const specials = [...ours.specialIds].slice(0, MOST_SPECIALS).map((id) => ours.decode([id]));
  for (const text of [...TEXTS, `${specials.join('x')}x`]) {
    if (idsOf(ours, text) === idsOf(theirs, text)) continue;
    throw exportDiffers({ detail: `The tokens of ${JSON.stringify(text)} are others.` });
  }
  checkTemplate(source, written);
}

/**
 * As `checkTexts`, for a folder of small files, which may have no config.json. The template must be in
 * tokenizer_config.json, where some programs look for it alone, and in chat_template.jinja if there is one.
 *
 * @throws TunesmithError also `json_invalid` and `text_not_utf8`, naming the file
 */
export async function checkWrittenTexts(source: SmallFacts, folder: ModelFolder): Promise<void> {
  const json = async (name: string): Promise<unknown> => {
    const file = folder.get(name);
    return file && (await readJson(file));
  };
  const written: SmallFacts = {
    config: (await json(CONFIG)) ?? source.config,
    tokenizer: await json('tokenizer.json'),
    tokenizerConfig: await readTokenizerConfig(folder),
    templateFile: undefined,
    generationConfig: await json('generation_config.json'),
    texts: {},
  };
  checkTexts(source, written);
  const file = folder.get(TEMPLATE);
  if (file) checkTemplate(source, { ...written, templateFile: await readText(file) });
}

function checkTemplate(...facts: readonly [SmallFacts, SmallFacts]): void {
  const [own, read] = facts.map(({ tokenizerConfig, templateFile }) =>
    chatTemplateSource(tokenizerConfig, templateFile),
  );
  if (!sameTemplates(own, read)) throw exportDiffers({ detail: 'The chat template is another one.' });
}

/** Special tokens in a text that is compared; some models have thousands. */
const MOST_SPECIALS = 64;

/** The ids of a text, or the reason why it has none. */
function idsOf(tokenizer: Tokenizer, text: string): string {
  try {
    return tokenizer.encode(text).join();
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}
