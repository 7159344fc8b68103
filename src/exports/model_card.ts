import type { Catalogue } from '../core/messages/catalogue';
import { CATALOGUES, type Language } from '../core/messages/languages';
import { SETTING_NAMES, settingText, type SettingName, type TrainSettings } from '../core/settings/settings';
import type { EvalEvent, StepEvent, TrainEvent } from '../train/events';

/** What a run was trained on. */
export interface CardData {
  readonly files: readonly string[];
  /** Of the examples that are trained on. */
  readonly examples: number;
  readonly tokens: number;
  readonly targetTokens: number;
  /** Of those that are held out for evaluation. */
  readonly heldOut: number;
  readonly heldOutTokens: number;
}

/** The run that an adapter comes from. */
export interface CardRun {
  readonly settings: TrainSettings;
  readonly data: CardData;
  readonly history: readonly TrainEvent[];
}

export interface CardSource {
  /** Name of the base model; an id on the Hugging Face Hub where it has one. */
  readonly baseModel: string;
  readonly revision?: string | null;
  readonly adapter: {
    /** As a person reads it: LoRA. */
    readonly kind: string;
    readonly r: number;
    readonly lora_alpha: number;
    readonly target_modules: readonly string[];
    readonly parameters: number;
  };
  /** Absent for an adapter that was imported and not trained since. */
  readonly run?: CardRun | undefined;
  /** If base and adapter are one; undefined for an adapter alone. */
  readonly merged?: CardModel | undefined;
}

/** A model that base and adapter make together. */
export interface CardModel {
  /** Of its weights, as Transformers names it. */
  readonly dtype: string;
  /** Whether it has its part for images. */
  readonly withImages: boolean;
}

/**
 * README.md of an export: a model card as the Hugging Face Hub reads it. The same source gives the same text.
 *
 * @param language of its sentences; names and code are the same in all
 */
export function modelCard(
  { baseModel, revision, adapter, run, merged }: CardSource,
  language: Language,
): string {
  const t = CATALOGUES[language];
  const facts = { ...adapter, alpha: number(adapter.lora_alpha), modules: adapter.target_modules };
  const name = inline(baseModel);
  const sections = [
    frontMatter(baseModel, merged),
    `# ${merged ? t.card.mergedTitle(name) : t.card.adapterTitle(adapter.kind, name)}`,
    [
      ...(merged ? [t.card.merged(name, merged.dtype)] : []),
      run ? t.card.trained(facts) : t.card.exported(facts),
      ...(run ? startText(t, run.settings) : []),
    ].join(' '),
    ...(run
      ? [dataSection(t, run.data), curveSection(t, run.history), settingsSection(t, run.settings)]
      : []),
    merged
      ? mergedUsageSection(t, merged, run?.settings)
      : usageSection(t, baseModel, revision ?? undefined, run?.settings),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** How it began, if it has another rank than the settings say. */
function startText({ card }: Catalogue, { init_lora_weights, r }: TrainSettings): string[] {
  return init_lora_weights === true ? [] : [card.startedAsPissa(r, init_lora_weights)];
}

function frontMatter(baseModel: string, merged: CardModel | undefined): string {
  // A string of JSON is a string of YAML.
  return [
    '---',
    `base_model: ${JSON.stringify(baseModel)}`,
    ...(merged ? ['base_model_relation: finetune', 'library_name: transformers'] : ['library_name: peft']),
    `pipeline_tag: ${merged?.withImages ? 'image-text-to-text' : 'text-generation'}`,
    'tags:',
    '- lora',
    ...(merged ? [] : ['- peft']),
    '- tunesmith',
    '---',
  ].join('\n');
}

function dataSection({ card, format }: Catalogue, { files, ...counts }: CardData): string {
  const { examples, tokens, targetTokens, heldOut, heldOutTokens } = counts;
  return [
    `## ${card.data}`,
    '',
    table(card.dataColumns, [
      [
        files.map(inline).join(', '),
        ...[examples, tokens, targetTokens, heldOut, heldOutTokens].map((value) => format.count(value)),
      ],
    ]),
  ].join('\n');
}

/** Rows of the loss table at most. */
const CURVE_ROWS = 12;
/** Characters of the sparkline at most. */
const CURVE_WIDTH = 48;

function curveSection({ card }: Catalogue, history: readonly TrainEvent[]): string {
  const steps = history.filter((event): event is StepEvent => event.event === 'step');
  const evals = history.filter((event): event is EvalEvent => event.event === 'eval');
  if (steps.length === 0) return '';
  const groups = inGroups(steps, CURVE_ROWS);
  const rows = groups.map((group) => {
    const last = group.at(-1)!;
    const from = group[0]!.step;
    const evaluated = evals.filter(({ step }) => step >= from && step <= last.step).at(-1);
    return [
      String(last.step),
      meanLoss(group).toFixed(4),
      evaluated?.eval_loss.toFixed(4) ?? '',
      evaluated?.perplexity?.toPrecision(4) ?? '',
    ];
  });
  return [
    `## ${card.loss}`,
    '',
    `\`${sparkline(inGroups(steps, CURVE_WIDTH).map(meanLoss))}\``,
    '',
    table(card.lossColumns, rows),
  ].join('\n');
}

/** Over the target tokens of all steps together. */
function meanLoss(steps: readonly StepEvent[]): number {
  const tokens = steps.reduce((sum, step) => sum + step.target_tokens, 0);
  const total = steps.reduce((sum, step) => sum + step.loss * step.target_tokens, 0);
  return tokens > 0 ? total / tokens : 0;
}

/** At most `most` groups of neighbours, as even as can be. */
function inGroups<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.min(most, items.length);
  const edge = (group: number): number => Math.round((group * items.length) / count);
  return Array.from({ length: count }, (_, group) => items.slice(edge(group), edge(group + 1)));
}

const BARS = '▁▂▃▄▅▆▇█';

function sparkline(values: readonly number[]): string {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  const bar = (value: number): string =>
    BARS[range > 0 ? Math.round(((value - lowest) / range) * (BARS.length - 1)) : 0]!;
  return values.map(bar).join('');
}

function settingsSection({ card }: Catalogue, settings: TrainSettings): string {
  const rows = SETTING_NAMES.map((name) => [name, valueText(name, settings[name])]);
  return [`## ${card.settings}`, '', table(card.settingsColumns, rows)].join('\n');
}

function valueText(name: SettingName, value: unknown): string {
  if (typeof value === 'number') return number(value);
  const text = settingText(name, value);
  // Patterns of names may have signs of Markdown.
  return /[|*\\[\]<>`]/.test(text) ? inline(text) : text;
}

function usageSection(
  { card }: Catalogue,
  baseModel: string,
  revision: string | undefined,
  settings: TrainSettings | undefined,
): string {
  const inFourBits = settings?.load_in_4bit ?? false;
  const quantization = [
    'quantization = BitsAndBytesConfig(',
    '    load_in_4bit=True,',
    '    bnb_4bit_quant_type="nf4",',
    `    bnb_4bit_use_double_quant=${settings?.bnb_4bit_use_double_quant ? 'True' : 'False'},`,
    ')',
  ];
  const options = [
    ...(revision === undefined ? [] : [`revision=${JSON.stringify(revision)}`]),
    ...(inFourBits ? ['quantization_config=quantization'] : []),
  ];
  const base = JSON.stringify(baseModel);
  return [
    `## ${card.useWithPeft}`,
    '',
    '```python',
    'from peft import PeftModel',
    `from transformers import AutoModelForCausalLM, AutoTokenizer${inFourBits ? ', BitsAndBytesConfig' : ''}`,
    '',
    ...(inFourBits ? quantization : []),
    `model = AutoModelForCausalLM.from_pretrained(${[base, ...options].join(', ')})`,
    `model = PeftModel.from_pretrained(model, "${card.folder}")`,
    `tokenizer = AutoTokenizer.from_pretrained(${base})`,
    '```',
    ...(inFourBits ? ['', card.trainedIn4Bits] : []),
  ].join('\n');
}

function mergedUsageSection(
  { card }: Catalogue,
  { withImages }: CardModel,
  settings: TrainSettings | undefined,
): string {
  const model = withImages ? 'AutoModelForImageTextToText' : 'AutoModelForCausalLM';
  return [
    `## ${card.useWithTransformers}`,
    '',
    '```python',
    `from transformers import ${model}, AutoTokenizer`,
    '',
    `model = ${model}.from_pretrained("${card.folder}", dtype="auto")`,
    `tokenizer = AutoTokenizer.from_pretrained("${card.folder}")`,
    '```',
    ...(settings?.load_in_4bit ? ['', card.mergedFrom4Bits] : []),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A name as it is, not as Markdown. */
function inline(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}

function number(value: number): string {
  return Math.abs(value) > 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}
