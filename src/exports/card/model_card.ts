import { datasetOfFile } from '../../core/dataset_reference';
import type { Catalogue } from '../../core/messages/catalogue';
import { CATALOGUES, type Language } from '../../core/messages/languages';
import {
  SETTING_NAMES,
  settingText,
  type SettingName,
  type TrainSettings,
} from '../../core/settings/settings';
import type { ExportUse } from '../use';
import type { BaseUse } from './base_use';
import type { StepReport } from '../../data/cleaning/report';
import type { EvalEvent, StepEvent, TrainEvent } from '../../train/events';

/** Rows that a model or a program wrote. */
export interface OriginCount {
  /** The name of the model or the program. */
  readonly origin: string;
  readonly rows: number;
}

/** The data that a run was trained on. */
export interface CardData {
  readonly files: readonly string[];
  /** Number of training examples. */
  readonly examples: number;
  readonly tokens: number;
  readonly targetTokens: number;
  /** Number of examples held out for evaluation. */
  readonly heldOut: number;
  readonly heldOutTokens: number;
  /** The effect of each step of the cleaning; absent if no step is on. */
  readonly cleaning?: readonly Pick<StepReport, 'step' | 'changed' | 'dropped'>[] | undefined;
  /** Training rows that no person wrote; absent in runs of earlier versions. */
  readonly origins?: readonly OriginCount[];
}

/** The run that an adapter comes from. */
export interface CardRun {
  readonly settings: TrainSettings;
  readonly data: CardData;
  readonly history: readonly TrainEvent[];
  /** The step of the adapter; the history may go on after it. */
  readonly step: number;
}

export interface CardSource {
  readonly base: BaseUse;
  readonly adapter: {
    /** The kind's name for people: LoRA. */
    readonly kind: string;
    /** Absent for kinds without a rank. */
    readonly r?: number | undefined;
    readonly lora_alpha: number;
    readonly target_modules: readonly string[];
    readonly parameters: number;
    /** Set if there is no adapter: weights of the base were trained themselves. */
    readonly trainsBase?: true;
  };
  /** Absent for an adapter that was imported and not trained since. */
  readonly run?: CardRun | undefined;
  /** Set if base and adapter are merged; undefined for an adapter alone. */
  readonly merged?: CardModel | undefined;
  /** How to run the files, the usual program first. */
  readonly uses: readonly ExportUse[];
}

/** The model that base and adapter were merged into. */
export interface CardModel {
  /** Dtype of its weights, by Transformers' name. */
  readonly dtype: string;
  /** Whether it includes its part for images. */
  readonly withImages: boolean;
  /** The library that the Hub names for it; transformers if absent. */
  readonly library?: string;
  /** Whether the adapter was merged with the base's weights from before they were quantised. */
  readonly isOriginal?: boolean;
}

/**
 * README.md of an export: a model card as the Hugging Face Hub reads it. The same source gives the same text.
 *
 * @param language of its sentences; names and code are the same in all languages
 */
export function modelCard({ base, adapter, run, merged, uses }: CardSource, language: Language): string {
  const t = CATALOGUES[language];
  const facts = { ...adapter, alpha: number(adapter.lora_alpha), modules: adapter.target_modules };
  const name = inline(base.name);
  const sections = [
    frontMatter(base, merged, { files: run?.data.files ?? [], isLora: adapter.trainsBase !== true }),
    `# ${merged ? t.card.mergedTitle(name) : t.card.adapterTitle(adapter.kind, name)}`,
    [
      ...(adapter.trainsBase && merged
        ? [t.card.trainedWhole(name, merged.dtype, adapter.parameters, adapter.kind)]
        : [
            ...(merged ? [t.card.merged(name, merged.dtype)] : []),
            run ? t.card.trained(facts) : t.card.exported(facts),
          ]),
      ...(run ? startText(t, run.settings) : []),
    ].join(' '),
    ...(run ? [dataSection(t, run.data), curveSection(t, run), settingsSection(t, run.settings)] : []),
    usageSection(t, uses, adapter.trainsBase ? wholeNote(t, base) : quantisedNote(t, base, merged)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Says how the adapter was initialised, if its rank differs from the settings. */
function startText({ card }: Catalogue, settings: TrainSettings): string[] {
  const { finetuning_type, init_lora_weights, r } = settings;
  if (finetuning_type !== 'lora' || init_lora_weights === true) return [];
  return [init_lora_weights === 'loftq' ? card.startedAsLoftq : card.startedAsPissa(r, init_lora_weights)];
}

function frontMatter(
  { name, isRepo }: BaseUse,
  merged: CardModel | undefined,
  { files, isLora }: { readonly files: readonly string[]; readonly isLora: boolean },
): string {
  const datasets = new Set(files.flatMap((file) => datasetOfFile(file)?.repo ?? []));
  const relation = merged ? ['base_model_relation: finetune'] : [];
  // JSON strings are valid YAML strings.
  return [
    '---',
    // The Hub refuses a card whose base is no repository.
    ...(isRepo ? [`base_model: ${JSON.stringify(name)}`, ...relation] : []),
    ...(datasets.size > 0 ? ['datasets:', ...Array.from(datasets, (repo) => `- ${repo}`)] : []),
    `library_name: ${merged ? (merged.library ?? 'transformers') : 'peft'}`,
    `pipeline_tag: ${merged?.withImages ? 'image-text-to-text' : 'text-generation'}`,
    'tags:',
    ...(isLora ? ['- lora'] : []),
    ...(merged ? [] : ['- peft']),
    '- tunesmith',
    '---',
  ].join('\n');
}

function dataSection(
  { card, format }: Catalogue,
  { files, cleaning, origins = [], ...counts }: CardData,
): string {
  const { examples, tokens, targetTokens, heldOut, heldOutTokens } = counts;
  return [
    `## ${card.data}`,
    '',
    table(card.dataColumns, [
      [
        format.series(files.map(inline)),
        ...[examples, tokens, targetTokens, heldOut, heldOutTokens].map((value) => format.count(value)),
      ],
    ]),
    ...(cleaning
      ? [
          '',
          card.cleaned,
          '',
          table(
            card.cleaningColumns,
            cleaning.map(({ step, changed, dropped }) => [
              step,
              format.count(changed),
              format.count(dropped),
            ]),
          ),
        ]
      : []),
    ...(origins.length > 0
      ? [
          '',
          card.generated,
          '',
          table(
            card.generatedColumns,
            origins.map(({ origin, rows }) => [inline(origin), format.count(rows)]),
          ),
        ]
      : []),
  ].join('\n');
}

/** Most rows of the loss table. */
const CURVE_ROWS = 12;
/** Most characters of the sparkline. */
const CURVE_WIDTH = 48;

function curveSection({ card }: Catalogue, { history, step: adapterStep }: CardRun): string {
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
    ...(adapterStep < steps.at(-1)!.step ? ['', card.bestStep(adapterStep)] : []),
  ].join('\n');
}

/** The mean loss over the target tokens of all steps. */
function meanLoss(steps: readonly StepEvent[]): number {
  const tokens = steps.reduce((sum, step) => sum + step.target_tokens, 0);
  const total = steps.reduce((sum, step) => sum + step.loss * step.target_tokens, 0);
  return tokens > 0 ? total / tokens : 0;
}

/** Divides a list into at most `most` groups of neighbours of nearly equal size. */
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
  // Patterns of names may contain Markdown's special characters.
  return /[|*\\[\]<>`]/.test(text) ? inline(text) : text;
}

function usageSection({ card }: Catalogue, uses: readonly ExportUse[], note: string | undefined): string {
  return [
    ...uses
      .flatMap(({ program, code }) => [`## ${card.useWith(program)}`, '', ...fenced(code), ''])
      .slice(0, -1),
    ...(note === undefined ? [] : ['', note]),
  ].join('\n');
}

/** Code as a block of Markdown; it names the language if it is Python. */
function fenced(code: string): readonly string[] {
  const isScript = /^import .* from '/m.test(code);
  const language = isScript ? 'js' : /^(?:from|import) /m.test(code) ? 'python' : '';
  return [`\`\`\`${language}`, ...code.split('\n'), '```'];
}

/** Says how the base was quantised in training, if it was. */
function quantisedNote(
  { card }: Catalogue,
  base: BaseUse,
  merged: CardModel | undefined,
): string | undefined {
  if (base.quantisation === 'none') return undefined;
  if (!merged) return card.trainedQuantised;
  return merged.isOriginal ? card.mergedOnOriginal : card.mergedFromQuantised;
}

/** Says that the weights that were not trained were quantised in training, if they were. */
function wholeNote({ card }: Catalogue, { quantisation }: BaseUse): string | undefined {
  return quantisation === 'none' ? undefined : card.trainedBesideQuantised;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Escapes a name for Markdown. */
function inline(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}

function number(value: number): string {
  return Math.abs(value) > 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}
