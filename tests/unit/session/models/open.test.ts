import { beforeAll, describe, expect, it } from 'vitest';
import { each } from '../../../../src/data/example_list';
import { inEnglish } from '../../../../src/core/messages/english';
import { makeDataset } from '../../../../src/session/data/dataset';
import { memoryFile } from '../../../../src/core/file_reader';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { openModel, templateOf, type OpenModel } from '../../../../src/session/models/open';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

function reopened(change: Partial<OpenModel['facts']>): OpenModel {
  return openModel({ ...model.facts, ...change }, model.identity, model.hash);
}

const rows = memoryFile(
  'a.jsonl',
  new TextEncoder().encode('{"instruction":"Who?","output":"A pirate."}\n{"text":"The sea."}'),
);

describe('a model whose chat template is broken', () => {
  const broken = (): OpenModel => reopened({ templateFile: '{% for m in messages %}{{ m.content }' });

  it('is opened, and says so', () => {
    expect(broken().textNotes.map(inEnglish).join()).toMatch(
      /is not a valid template: .* Choose the Alpaca prompt/,
    );
    expect(model.textNotes).toEqual([]);
  });

  it('works with the Alpaca prompt, and with no other', async () => {
    expect(templateOf(broken(), 'alpaca', 'chat').name).toEqual({ code: 'template_alpaca' });
    expect(() => templateOf(broken(), 'model', 'chat')).toThrow(/is not a valid template/);
    const alpaca = { ...DEFAULTS, template: 'alpaca' as const, eval_split: 0 };
    expect((await makeDataset(broken(), [rows], alpaca)).examples).toHaveLength(2);
    await expect(makeDataset(broken(), [rows], DEFAULTS)).rejects.toThrow(/is not a valid template/);
  });
});

describe('a tokenizer whose configuration names no eos_token', () => {
  const { tokenizerConfig: none } = { tokenizerConfig: { tokenizer_class: 'PreTrainedTokenizerFast' } };
  const alpaca = { ...DEFAULTS, template: 'alpaca' as const, eval_split: 0 };

  it('ends texts and answers as the configs of the model do, and says so', async () => {
    const end = model.tokenizer.eosId;
    const changed = reopened({ tokenizerConfig: none, generationConfig: { eos_token_id: [end] } });
    expect(changed.tokenizer.eosId).toBe(end);
    expect(changed.textNotes.map(inEnglish).join()).toMatch(/names no eos_token; .* is used/);
    const { examples, notes } = await makeDataset(changed, [rows], alpaca);
    for await (const { ids, trained } of each(examples)) {
      expect(ids.at(-1)).toBe(end);
      expect(trained.at(-1)).toBe(1);
    }
    expect(notes.map(inEnglish).join()).not.toMatch(/stop/);
  });

  it('says that nothing ends them if no file names an end', async () => {
    const changed = reopened({ tokenizerConfig: none, generationConfig: undefined, config: {} });
    expect(changed.textNotes.map(inEnglish).join()).toMatch(/no token marks the end of a text or an answer/);
    const { notes } = await makeDataset(changed, [rows], alpaca);
    expect(notes.map(inEnglish).join()).toMatch(/In 2 of 2 examples .* do not teach the model to stop/);
  });
});
