import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import { targetCount, tokenCount } from '../../data/example_list';
import { planOf } from '../../train/plan';
import { warmupStepsOf } from '../../train/schedule';
import type { Dataset } from '../data/dataset';

/** Advice from the size of a run: a sentence, and the settings that it proposes. */
export interface SizeAdvice {
  readonly message: Message;
  readonly changes?: Partial<TrainSettings>;
}

/** The size of a run, before it starts. */
export interface RunSize {
  /** Examples of training, and those held out. */
  readonly rows: number;
  readonly heldOut: number;
  /** Tokens of a pass, and those of them that are learnt. */
  readonly tokens: number;
  readonly targets: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Parameters that are learnt. */
  readonly parameters: number;
  /** Examples that are cut at this many tokens. */
  readonly truncated: number;
  readonly cutAt: number;
}

type SizedData = Pick<Dataset, 'unpacked' | 'training' | 'heldOut' | 'truncated' | 'cutAt'>;

export function sizeOf(dataset: SizedData, settings: TrainSettings, parameters: number): RunSize {
  const { unpacked, training, heldOut, truncated, cutAt } = dataset;
  const { steps, stepsPerEpoch } = planOf(settings, training);
  return {
    rows: unpacked.length,
    heldOut: heldOut.length,
    tokens: tokenCount(training),
    targets: targetCount(training),
    ...{ steps, stepsPerEpoch, parameters, truncated, cutAt },
  };
}

/** More lines are not read. */
const MOST_ADVICE = 3;
/** Fewer steps hardly change a model. */
const FEW_STEPS = 20;
/** Steps after which a small run usually has learnt its examples. */
const ENOUGH_STEPS = 60;
/** A model learns examples by heart if it sees them in more passes than this, unless there are at least MANY_ROWS. */
const MANY_EPOCHS = 6;
const MANY_ROWS = 2000;
/** More passes are never advised. */
const MOST_EPOCHS = 10;
/** Evaluations that show where a curve turns. */
const EVALUATIONS = 10;
/** With fewer examples, each is worth more in training. */
const ROWS_TO_SPLIT = 20;
/** The share of examples that is cut without a word. */
const FEW_CUT = 0.05;
/** More parameters for each token that is learnt are of no use. */
const PARAMETERS_A_TARGET = 5000;

type Advise = (size: RunSize, settings: TrainSettings) => SizeAdvice | undefined;

/** The most important first. */
const ADVICE: readonly Advise[] = [warmUp, few, rate, byHeart, unevaluated, cut, tooMany];

/** Advice on a run from its size: at most three sentences, the most important first; none for a usual run. */
export function sizeAdvice(size: RunSize, settings: TrainSettings): readonly SizeAdvice[] {
  return ADVICE.flatMap((advise) => advise(size, settings) ?? []).slice(0, MOST_ADVICE);
}

function warmUp({ steps }: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const warmup = warmupStepsOf(settings, steps);
  if (settings.lr_scheduler_type === 'constant' || steps < 2 || warmup < steps) return undefined;
  return {
    message: message('advice_warmup', { warmup, steps }),
    changes: { warmup_steps: 0.05, warmup_ratio: null },
  };
}

function few(size: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const { rows, steps, stepsPerEpoch } = size;
  const { per_device_train_batch_size, gradient_accumulation_steps, max_steps, num_train_epochs } = settings;
  if (steps >= FEW_STEPS || max_steps > 0) return undefined;
  const batch = per_device_train_batch_size * gradient_accumulation_steps;
  const told = message('advice_few_steps', { rows, epochs: num_train_epochs, batch, steps });
  if (gradient_accumulation_steps > 1 && batch > per_device_train_batch_size) {
    return { message: told, changes: { gradient_accumulation_steps: 1 } };
  }
  const epochs = Math.min(MOST_EPOCHS, Math.ceil(ENOUGH_STEPS / stepsPerEpoch));
  return { message: told, ...(epochs > num_train_epochs && { changes: { num_train_epochs: epochs } }) };
}

interface Rates {
  readonly least: number;
  readonly most: number;
  /** The one to begin with. */
  readonly usual: number;
}

/** The usual learning rates of AdamW for each way of fine-tuning; none is known for others. */
const RATES: Readonly<Partial<Record<string, Rates>>> = {
  lora: { least: 1e-5, most: 2e-3, usual: 2e-4 },
  oft: { least: 1e-5, most: 2e-3, usual: 2e-4 },
  vera: { least: 1e-4, most: 2e-2, usual: 4e-3 },
  ia3: { least: 1e-4, most: 2e-2, usual: 3e-3 },
  full: { least: 5e-7, most: 2e-4, usual: 1e-5 },
  freeze: { least: 5e-7, most: 2e-4, usual: 1e-5 },
};

function rate(_: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const { learning_rate: given, optim, finetuning_type } = settings;
  const rates = optim.startsWith('adamw') ? RATES[finetuning_type] : undefined;
  if (!rates || (given >= rates.least && given <= rates.most)) return undefined;
  const code = given < rates.least ? 'advice_rate_low' : 'advice_rate_high';
  return {
    message: message(code, { rate: given, usual: rates.usual, type: finetuning_type }),
    changes: { learning_rate: rates.usual },
  };
}

function byHeart(size: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const { rows, heldOut, steps, stepsPerEpoch } = size;
  const epochs = steps / stepsPerEpoch;
  if (epochs < MANY_EPOCHS || rows >= MANY_ROWS) return undefined;
  const evaluated = heldOut > 0 && settings.eval_steps > 0;
  if (evaluated && settings.load_best_model_at_end) return undefined;
  return {
    message: message('advice_by_heart', { rows, epochs: Math.round(epochs), evaluated }),
    changes: evaluated ? { load_best_model_at_end: true } : { num_train_epochs: 3, max_steps: -1 },
  };
}

function unevaluated(size: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const { rows, heldOut, steps } = size;
  const { eval_steps, eval_split } = settings;
  if (heldOut === 0) {
    const splits = eval_split === 0 && rows >= ROWS_TO_SPLIT;
    return { message: message('advice_no_held_out'), ...(splits && { changes: { eval_split: 0.1 } }) };
  }
  const often = Math.max(1, Math.floor(steps / EVALUATIONS));
  if (eval_steps > 0 && (eval_steps < steps || steps === 1)) return undefined;
  return {
    message:
      eval_steps === 0
        ? message('advice_no_evaluation')
        : message('advice_late_evaluation', { eval_steps, steps }),
    changes: { eval_steps: often },
  };
}

function cut({ rows, heldOut, truncated, cutAt }: RunSize): SizeAdvice | undefined {
  if (truncated <= FEW_CUT * (rows + heldOut)) return undefined;
  return { message: message('advice_cut', { truncated, rows: rows + heldOut, cutAt }) };
}

function tooMany({ parameters, targets }: RunSize, settings: TrainSettings): SizeAdvice | undefined {
  const { r, lora_alpha, finetuning_type } = settings;
  if (finetuning_type !== 'lora' || r <= 8 || parameters <= PARAMETERS_A_TARGET * targets) return undefined;
  // alpha follows r, so that the scale alpha / r stays.
  return {
    message: message('advice_parameters', { parameters, targets }),
    changes: { r: 8, lora_alpha: (lora_alpha * 8) / r },
  };
}
