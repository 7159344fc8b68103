import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { smallFiles, tokenizerFiles } from '../../../../src/exports/card/small_files';
import { ggufText } from '../../../../src/exports/gguf/tokenizer';
import type { ModelLayout } from '../../../../src/models/layout';
import type { ModelFolder } from '../../../../src/models/folder';
import { chatContext, conversationIds } from '../../../../src/session/chat/conversation';
import { exportedFacts } from '../../../../src/session/exports/exporting';
import { adapterTemplateNotes, readAdapterTemplate } from '../../../../src/session/models/adapter_template';
import { openModel, type AdapterTemplate, type OpenModel } from '../../../../src/session/models/open';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

const OWN = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}";

/** The files of an export that lie beside an adapter. */
function written(base: OpenModel, template: AdapterTemplate | undefined): Map<string, string> {
  return new Map([...tokenizerFiles(exportedFacts(base, template)), ['adapter_config.json', '{}']]);
}

const bytes = (text: string) => new TextEncoder().encode(text);

function folderOf(files: Iterable<readonly [string, string]>): ModelFolder {
  return new Map(Array.from(files, ([name, text]) => [name, memoryFile(name, bytes(text))]));
}

function zipOf(files: Iterable<readonly [string, string]>): ModelFolder {
  const entries = Array.from(files, ([name, text]) => [`base-lora/${name}`, bytes(text)] as const);
  return new Map([['a.zip', memoryFile('a.zip', zipSync(Object.fromEntries(entries)))]]);
}

/** The same base without a file of text, as one from a GGUF file. */
function fromGguf({ facts, identity, hash }: OpenModel, tokenizerConfig = facts.tokenizerConfig): OpenModel {
  return openModel({ ...facts, tokenizerConfig, templateFile: undefined, texts: {} }, identity, hash);
}

describe('the template beside an imported adapter', () => {
  it.each(['model', 'alpaca'] as const)('is the one that an export wrote: %s', async (template) => {
    for (const base of [model, fromGguf(model)]) {
      const files = written(base, template);
      expect(await readAdapterTemplate(folderOf(files), base)).toBe(template);
      expect(await readAdapterTemplate(zipOf(files), base)).toBe(template);
      // TRL's trainer writes it into one of the two places.
      files.set('tokenizer_config.json', '{}');
      expect(await readAdapterTemplate(folderOf(files), base)).toBe(template);
      files.delete('chat_template.jinja');
      expect(await readAdapterTemplate(folderOf(files), base)).toBeUndefined();
    }
  });

  it('is the Alpaca prompt where the base has no template', async () => {
    const base = fromGguf(model, {});
    expect(await readAdapterTemplate(folderOf(written(base, 'model')), base)).toBe('alpaca');
    expect(written(base, undefined)).toEqual(written(base, 'alpaca'));
  });

  it('that is another than the base’s is used in chat and in exports, and the person is told', async () => {
    for (const files of [
      [['chat_template.jinja', OWN]],
      [['tokenizer_config.json', JSON.stringify({ chat_template: OWN })]],
    ] as const) {
      const beside = [...files, ['adapter_config.json', '{}']] as const;
      const template = await readAdapterTemplate(folderOf(beside), model);
      expect(template).toMatchObject({ source: OWN });
      const ids = conversationIds(chatContext(model, template!), [{ role: 'user', content: 'Who?' }]);
      expect(ids).toEqual(model.tokenizer.encode('<user>Who?', { addSpecialTokens: false }));
      expect(await readAdapterTemplate(folderOf(written(model, template)), model)).toMatchObject({
        source: OWN,
      });
      expect(adapterTemplateNotes(template)).toEqual([
        { code: 'adapter_template', values: { alpaca: false } },
      ]);
    }
    expect(adapterTemplateNotes('alpaca')).toEqual([{ code: 'adapter_template', values: { alpaca: true } }]);
    expect(adapterTemplateNotes('model')).toEqual([]);
  });

  it('that can’t be read stops the chat and not the import', async () => {
    const template = await readAdapterTemplate(folderOf([['chat_template.jinja', '{% for']]), model);
    expect(() => chatContext(model, template!)).toThrow(/is not a valid template/);
  });
});

it('the Alpaca prompt is in every export of a base that came as a GGUF file', () => {
  const facts = exportedFacts(fromGguf(model), 'alpaca');
  const files = smallFiles(facts, 'float16');
  const inConfig = (JSON.parse(files.get('tokenizer_config.json')!) as { chat_template: string })
    .chat_template;
  expect(inConfig).toContain('### Instruction:');
  expect(files.get('chat_template.jinja')).toBe(inConfig);
  const layout = { spec: model.facts.spec } as ModelLayout;
  expect(ggufText({ facts, layout }).entries.get('tokenizer.chat_template')).toMatchObject({
    value: inConfig,
  });
});
