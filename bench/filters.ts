import { MODELS, type ModelName } from './suite/models';
import { GROUPS, type Group } from './suite/results';
import type { Filters } from './suite/selection';

/** The arguments that restrict the measurements, all of them lists with commas. */
export interface FilterArguments {
  readonly only?: string;
  readonly without?: string;
  readonly models?: string;
  readonly tokens?: string;
  readonly rounds?: string;
  readonly brief?: boolean;
}

/** Parses the arguments. Throws an error that names a wrong value and the possible ones. */
export function readFilters({ only, without, models, tokens, rounds, brief }: FilterArguments): Filters {
  return {
    ...(only !== undefined && { only: named<Group>('--only', only, GROUPS) }),
    ...(without !== undefined && { without: named<Group>('--without', without, GROUPS) }),
    ...(models !== undefined && { models: named<ModelName>('--models', models, MODELS) }),
    ...(tokens !== undefined && { tokens: parts(tokens).map((part) => whole('--tokens', part)) }),
    ...(brief && { brief }),
    ...(rounds !== undefined && { rounds: whole('--rounds', rounds) }),
  };
}

function parts(list: string): string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function named<T extends string>(flag: string, list: string, known: readonly T[]): T[] {
  return parts(list).map((part) => {
    const found = known.find((name) => name.toLowerCase() === part.toLowerCase());
    if (found === undefined)
      throw new Error(`${flag}: there is no ${part}. Choose from ${known.join(', ')}.`);
    return found;
  });
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${flag} takes whole numbers above 0, not ${text}.`);
  return value;
}
