import { cleaningSteps, type Cleaning, type CleaningStep } from '../../../core/settings/cleaning';
import { stepOptions } from '../../../core/settings/cleaning_options';
import { SETTINGS } from '../../../core/settings/settings';

/** The setting as a person gives it, before it is checked. */
type Given = Readonly<Record<string, unknown>>;

/** The value of the setting with a step switched on or off; undefined if that is not allowed. */
export function withStep(
  cleaning: Cleaning,
  step: CleaningStep,
  on: boolean,
  language: string,
): Cleaning | undefined {
  const others = without(cleaningSteps(cleaning), step);
  return read(on ? { ...others, [step]: firstOptions(step, language) } : others);
}

/** The value of the setting with another value of an option; undefined if it is not allowed. */
export function withOption(
  cleaning: Cleaning,
  step: CleaningStep,
  option: string,
  value: unknown,
): Cleaning | undefined {
  const steps: Given = cleaningSteps(cleaning);
  const others = without((steps[step] ?? {}) as Given, option);
  return read({ ...steps, [step]: value === undefined ? others : { ...others, [option]: value } });
}

/** The options without a default that a step begins with: the language of the page if it is one of the values. */
function firstOptions(step: CleaningStep, language: string): Given {
  return Object.fromEntries(
    stepOptions(step).flatMap((option) => {
      if (option.type !== 'several' || option.default) return [];
      const first = option.values.includes(language) ? language : option.values[0];
      return [[option.name, [first]]];
    }),
  );
}

function without(given: Given, name: string): Given {
  return Object.fromEntries(Object.entries(given).filter(([each]) => each !== name));
}

function read(given: Given): Cleaning | undefined {
  return SETTINGS.cleaning.kind.read(given)?.value;
}
