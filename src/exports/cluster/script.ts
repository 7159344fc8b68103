import { startsAsPissa } from '../../core/settings/starts';
import type { JsonValue } from '../../core/json';
import type { TrainSettings } from '../../core/settings/settings';
import { FILES, recordsFile, tokensFile } from './names';
import { pythonArguments, pythonValue } from './python_value';
import type { AllWords } from './words';

/** The facts that the script depends on. */
export interface ScriptFacts {
  readonly settings: TrainSettings;
  readonly words: AllWords;
  readonly baseModel: string;
  readonly revision: string | null;
  /** Some tokens of the examples by their ids, by which the script knows the tokenizer again. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly heldOut: boolean;
  /** Whether TRL can render and tokenise the examples itself, for another model. */
  readonly rereadable: boolean;
  /** Whether the examples are plain texts. */
  readonly texts: boolean;
  /** Whether the training begins with the adapter in its folder. */
  readonly fromAdapter: boolean;
}

/** train.py: TRL's SFTTrainer with the settings, on the tokens that this program would train on. */
export function trainScript(facts: ScriptFacts): string {
  return [imports(facts), constants(facts), ...helpers(facts), main(facts)].join('\n\n') + ENTRY;
}

const ENTRY = `


if __name__ == "__main__":
    main()
`;

function imports({ settings, words, fromAdapter, heldOut }: ScriptFacts): string {
  const usesBits = Object.keys(words.bits).length > 0;
  const isPissa = !fromAdapter && startsAsPissa(settings);
  const peft = fromAdapter ? ['PeftModel'] : [peftConfig(settings), ...(isPissa ? ['PeftModel'] : [])];
  const transformers = [
    'AutoModelForCausalLM',
    'AutoTokenizer',
    ...(usesBits ? ['BitsAndBytesConfig'] : []),
    ...(stopsEarly(settings, heldOut) ? ['EarlyStoppingCallback'] : []),
  ];
  return `"""Trains the adapter that Tunesmith's settings describe, with TRL. README.md tells how to run it."""

import argparse
import os
from pathlib import Path

import torch
from datasets import load_dataset
from peft import ${peft.join(', ')}
${settings.loraplus_lr_ratio === 1 ? '' : 'from peft.optimizers import create_loraplus_optimizer\n'}from transformers import ${transformers.join(', ')}
from trl import SFTConfig, SFTTrainer`;
}

function constants({ settings, words, tokens, fromAdapter }: ScriptFacts): string {
  const accumulation = settings.gradient_accumulation_steps;
  const parts = [
    `HERE = Path(__file__).resolve().parent
PROCESSES = int(os.environ.get("WORLD_SIZE", "1"))

# Micro-batches of an optimizer step, over all processes.
GRADIENT_ACCUMULATION_STEPS = ${accumulation}

${dtypeLines(settings.dtype)}

# Some tokens by their ids: the files of tokens belong to the tokenizer that has them.
TOKENS = ${pythonValue(tokens)}`,
  ];
  if (!fromAdapter)
    parts.push(
      `ADAPTER = ${peftConfig(settings)}(\n${pythonArguments({ ...words.adapter, ...fixedOf(settings) }, '    ')})`,
    );
  if (Object.keys(words.bits).length > 0) {
    parts.push(
      `QUANTIZATION = BitsAndBytesConfig(
${pythonArguments(words.bits, '    ')}    bnb_4bit_compute_dtype=DTYPE,
    # FSDP shards only tensors of one dtype.
    bnb_4bit_quant_storage=DTYPE,
)`,
    );
  }
  return parts.join('\n\n');
}

/** The class of PEFT's config. A model whose own weights are trained has no folder for a cluster. */
function peftConfig({ finetuning_type: type }: TrainSettings): string {
  const names: Partial<Record<typeof type, string>> = {
    lora: 'LoraConfig',
    oft: 'OFTConfig',
    ia3: 'IA3Config',
  };
  const name = names[type];
  if (name === undefined) throw new Error(`PEFT has no config for ${type}`);
  return name;
}

/** Arguments that no setting changes. IA³ has no biases of its own. */
function fixedOf({ finetuning_type: type }: TrainSettings): Readonly<Record<string, JsonValue>> {
  return { ...(type !== 'ia3' && { bias: 'none' }), task_type: 'CAUSAL_LM' };
}

function dtypeLines(dtype: TrainSettings['dtype']): string {
  if (dtype === 'float32') return 'DTYPE = torch.float32';
  if (dtype === 'float16') {
    return `# The base is held in float16 on GPUs; a processor computes in float32.
DTYPE = torch.float16 if torch.cuda.is_available() else torch.float32`;
  }
  return `# bfloat16 on GPUs that compute with it, else float32. The adapter is trained in float32 in either case.
DTYPE = torch.bfloat16 if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else torch.float32`;
}

function helpers({ settings }: ScriptFacts): string[] {
  const parts = [
    `
def check_tokenizer(tokenizer):
    """Ends the program if the tokens were made with another tokenizer."""
    found = {str(id): tokenizer.convert_ids_to_tokens(int(id)) for id in TOKENS}
    if found != TOKENS:
        raise SystemExit("These tokens were made with another model's tokenizer. README.md tells what to do.")`,
  ];
  if (settings.loraplus_lr_ratio !== 1) {
    parts.push(`
class LoraPlusTrainer(SFTTrainer):
    """LoRA+: B learns at a higher rate than A."""

    def create_optimizer(self, model=None):
        if self.optimizer is None:
            optimizer, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            options.pop("lr", None)
            self.optimizer = create_loraplus_optimizer(
                model=model or self.model,
                optimizer_cls=optimizer,
                lr=self.args.learning_rate,
                loraplus_lr_ratio=${pythonValue(settings.loraplus_lr_ratio)},
                loraplus_weight_decay=self.args.weight_decay,
                **options,
            )
        return self.optimizer`);
  }
  return parts.map((part) => part.trimEnd());
}

function main({
  settings,
  words,
  baseModel,
  revision,
  heldOut,
  rereadable,
  texts,
  fromAdapter,
}: ScriptFacts): string {
  const quantization = Object.keys(words.bits).length > 0 ? ', quantization_config=QUANTIZATION' : '';
  const isPissa = !fromAdapter && startsAsPissa(settings);
  const trainer = settings.loraplus_lr_ratio === 1 ? 'SFTTrainer' : 'LoraPlusTrainer';
  // Packed rows are filled up to it.
  const rowSize = settings.packing ? settings.max_seq_length : undefined;
  const rereading = rereadable ? rereadingLines(settings, texts) : undefined;
  return `
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=${pythonValue(baseModel)}, help="the base: a folder, or its name on the Hub")
    parser.add_argument("--revision", default=${pythonValue(revision)}, help="the base's revision on the Hub")
    parser.add_argument("--output_dir", default="adapter", help="the folder for the trained adapter")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in output_dir")
${rereading?.option ?? ''}    args = parser.parse_args()

    accumulation = max(1, round(GRADIENT_ACCUMULATION_STEPS / PROCESSES))
    if accumulation * PROCESSES != GRADIENT_ACCUMULATION_STEPS:
        print(f"A step has {accumulation * PROCESSES} micro-batches, not {GRADIENT_ACCUMULATION_STEPS}: {PROCESSES} processes.")

    config = SFTConfig(
        output_dir=args.output_dir,
${pythonArguments(words.sft, '        ')}        gradient_accumulation_steps=accumulation,
        bf16=DTYPE is torch.bfloat16,
        fp16=DTYPE is torch.float16,
        packing=${pythonValue(settings.packing)},
${rereading?.config ?? `        max_length=${rowSize ?? 'None'},  # The tokens are cut already.\n`}    )
    if config.world_size != PROCESSES or config.n_gpu > 1:
        # More examples in a step, or processes that know nothing of each other, would train another adapter.
        raise SystemExit("A process needs one GPU of its own: use accelerate launch, or show one with CUDA_VISIBLE_DEVICES=0.")

    tokenizer = AutoTokenizer.from_pretrained(args.model, revision=args.revision)
${
  rereading?.files ??
  `    files = {"train": "${tokensFile('train')}", "eval": "${tokensFile('eval')}"}
    check_tokenizer(tokenizer)
`
}    examples = {part: load_dataset("json", data_files=str(HERE / files[part]), split="train") for part in ${
    heldOut ? '["train", "eval"]' : '["train"]'
  }}

    model = AutoModelForCausalLM.from_pretrained(args.model, revision=args.revision, dtype=DTYPE${quantization})
${fromAdapter ? `    model = PeftModel.from_pretrained(model, str(HERE / "${FILES.start}"), is_trainable=True)\n` : ''}    trainer = ${trainer}(
        model=model,
        args=config,
        train_dataset=examples["train"],
        eval_dataset=examples.get("eval"),
        processing_class=tokenizer,
${fromAdapter ? '' : '        peft_config=ADAPTER,\n'}${stopsEarly(settings, heldOut) ? callbackLine(settings) : ''}    )
${isPissa ? PISSA_BEFORE : ''}    trainer.train(resume_from_checkpoint=args.resume)
    trainer.save_model(args.output_dir)
    trainer.save_state()
${isPissa ? PISSA_AFTER : ''}`.trimEnd();
}

function stopsEarly({ early_stopping_patience }: TrainSettings, heldOut: boolean): boolean {
  return early_stopping_patience !== null && heldOut;
}

function callbackLine(settings: TrainSettings): string {
  const { early_stopping_patience: patience, early_stopping_threshold: threshold } = settings;
  const values = `early_stopping_patience=${pythonValue(patience)}, early_stopping_threshold=${pythonValue(threshold)}`;
  return `        callbacks=[EarlyStoppingCallback(${values})],\n`;
}

/** PiSSA changes the base. With its first values beside the last ones, PEFT saves plain LoRA for the unchanged base. */
const PISSA_BEFORE = `    adapter = trainer.accelerator.unwrap_model(trainer.model)
    start = Path(args.output_dir) / "start"
    adapter.peft_config["default"].init_lora_weights = True
    if trainer.is_world_process_zero() and not args.resume:
        adapter.save_pretrained(start)
`;
const PISSA_AFTER = `    if trainer.is_world_process_zero():
        # Plain LoRA of twice the rank for the unchanged base, because PiSSA takes its first values out of the base.
        # The last values come from their file: under FSDP, this process has only a part of them.
        base = AutoModelForCausalLM.from_pretrained(args.model, revision=args.revision, dtype=DTYPE)
        adapter = PeftModel.from_pretrained(base, args.output_dir)
        adapter.save_pretrained(args.output_dir, path_initial_model_for_weight_conversion=str(start))
`;

function rereadingLines(
  { objective, max_seq_length, packing, train_on }: TrainSettings,
  texts: boolean,
): { readonly option: string; readonly config: string; readonly files: string } {
  const onlyAnswers = !texts && objective === 'sft' && train_on === 'responses';
  return {
    option: `    parser.add_argument("--reread", action="store_true", help="read the examples anew, for another model")\n`,
    config: `        # The tokens are cut already.
        max_length=${max_seq_length}${packing ? '' : ' if args.reread else None'},
        assistant_only_loss=${onlyAnswers ? 'args.reread' : 'False'},
`,
    files: `    if args.reread:
        files = {"train": "${recordsFile('train')}", "eval": "${recordsFile('eval')}"}
    else:
        files = {"train": "${tokensFile('train')}", "eval": "${tokensFile('eval')}"}
        check_tokenizer(tokenizer)
`,
  };
}
