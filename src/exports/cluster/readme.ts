import { CATALOGUES, type Language } from '../../core/messages/languages';
import { message, sentence, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import { PROCESSES } from './accelerate';
import { FILES } from './names';
import type { AllWords } from './words';

/** The versions with which the script was tried. */
const VERSIONS = 'trl==1.16.0 peft==0.21.2 transformers==5.24.0 accelerate==1.15.0 datasets==5.2.0';
const BITSANDBYTES = 'bitsandbytes==0.50.2';
const SCHEDULEFREE = 'schedulefree==1.4.1';
const TENSORBOARD = 'tensorboard==2.21.0';

export interface ReadmeFacts {
  readonly baseModel: string;
  readonly words: AllWords;
  readonly settings: TrainSettings;
  readonly training: number;
  readonly heldOut: number;
  readonly rereadable: boolean;
  /** Sentences about what is not the same there. */
  readonly notes: readonly string[];
}

const BITSANDBYTES_OPTIMIZERS: readonly string[] = ['adamw_8bit', 'lion_32bit', 'lion_8bit'];

/** README.md: five lines. */
export function readme(facts: ReadmeFacts, language: Language): string {
  const { baseModel, words, settings, training, heldOut, rereadable, notes } = facts;
  const usesBits = BITSANDBYTES_OPTIMIZERS.includes(settings.optim) || Object.keys(words.bits).length > 0;
  const install = [
    `pip install ${VERSIONS}`,
    ...(usesBits ? [BITSANDBYTES] : []),
    ...(settings.optim === 'schedule_free_adamw' ? [SCHEDULEFREE] : []),
    ...(words.sft.report_to === 'tensorboard' ? [TENSORBOARD] : []),
  ].join(' ');
  const say = (told: Message): string => sentence(CATALOGUES[language], told);
  const { paragraph } = CATALOGUES[language].format;
  const lines = [
    say(message('cluster_readme_folder', { base: baseModel, training, heldOut })),
    paragraph([
      say(
        message('cluster_readme_trl', {
          install,
          one: `python ${FILES.script}`,
          several: launchLine(FILES.zero2),
          other: FILES.fsdp,
        }),
      ),
      ...(rereadable
        ? [say(message('cluster_readme_reread', { line: `python ${FILES.script} --model NAME --reread` }))]
        : []),
    ]),
    say(
      message('cluster_readme_factory', {
        line: `llamafactory-cli train ${FILES.factory}`,
        accumulation: settings.gradient_accumulation_steps,
      }),
    ),
    paragraph([say(message('cluster_readme_same')), ...notes]),
    say(message('cluster_readme_back', { folder: 'adapter' })),
  ];
  return lines.map((line, at) => `${at + 1}. ${line.replace(/\s*\n\s*/g, ' ')}\n`).join('');
}

/** The line that starts the script on several GPUs. */
export function launchLine(config: string): string {
  return `accelerate launch --config_file ${config} --num_processes ${PROCESSES} ${FILES.script}`;
}
