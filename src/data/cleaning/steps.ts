import { CLEANING_STEPS, type CleaningStep, type CleaningSteps } from '../../core/settings/cleaning';
import { cleanCharacters, hasLostCharacters } from './characters';
import { duplicatesStep } from './duplicates';
import { languageStep } from './language';
import { lengthStep } from './length';
import { nearDuplicatesStep } from './near_duplicates';
import { privateDataStep } from './private/private_data';
import { repeatsStep } from './repeats';
import { cleanSpaces } from './spaces';
import { textStep, type StepWork } from './step';

/** The work of each step with its options. */
const WORK: {
  readonly [Step in CleaningStep]: (
    options: NonNullable<CleaningSteps[Step]>,
  ) => StepWork | Promise<StepWork>;
} = {
  characters: () => ({ ...textStep(cleanCharacters), isDropped: hasLostCharacters }),
  unicode: () => textStep((text) => text.normalize('NFC')),
  spaces: () => textStep(cleanSpaces),
  private_data: privateDataStep,
  language: languageStep,
  length: lengthStep,
  repeats: repeatsStep,
  duplicates: duplicatesStep,
  near_duplicates: nearDuplicatesStep,
};

/** The work of the steps that are on, in their order. */
export async function workOf(
  steps: CleaningSteps,
): Promise<readonly { readonly step: CleaningStep; readonly work: StepWork }[]> {
  const made = CLEANING_STEPS.map(async (step) => {
    const options = steps[step];
    const make: (options: never) => StepWork | Promise<StepWork> = WORK[step];
    return options === undefined ? [] : [{ step, work: await make(options as never) }];
  });
  return (await Promise.all(made)).flat();
}
