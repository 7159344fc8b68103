import { LINEAR_MODULES } from '../../core/linear_modules';
import type { TrainSettings } from '../../core/settings/settings';
import { formatCount } from '../shared/format';
import { allFields, type Field, type NumberField } from './fields';

/** What is wrong with a value, as a sentence to stand at its field; undefined when nothing is. */
export function fieldProblem(field: Field, value: unknown): string | undefined {
  switch (field.kind) {
    case 'integer':
    case 'number':
      return numberProblem(field, value);
    case 'switch':
      return typeof value === 'boolean' ? undefined : 'Choose on or off.';
    case 'choice':
      return field.options.some((option) => option.value === value) ? undefined : 'Choose one of the list.';
    case 'modules':
      return modulesProblem(value);
  }
}

function numberProblem(field: NumberField, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Enter a number.';
  if (field.kind === 'integer' && !Number.isInteger(value)) return 'Enter a whole number.';
  if (field.aboveMin && value <= field.min) return `Must be more than ${show(field.min)}.`;
  if (value === field.not) return `Cannot be ${show(field.not)}.`;
  if (value < field.min) return `Must be at least ${show(field.min)}.`;
  if (value > field.max) return `Must be at most ${show(field.max)}.`;
  return undefined;
}

function show(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : String(value);
}

function modulesProblem(value: unknown): string | undefined {
  if (value === 'all-linear') return undefined;
  if (!Array.isArray(value) || value.length === 0) return 'Choose at least one layer.';
  return value.every((name) => (LINEAR_MODULES as readonly unknown[]).includes(name))
    ? undefined
    : 'Unknown layer.';
}

/** Number that a person typed ("2e-4", "0.0002"); NaN where it is none. */
export function parseNumber(text: string): number {
  const trimmed = text.trim().replace('−', '-');
  return trimmed === '' ? Number.NaN : Number(trimmed);
}

/** Problems by the setting's name; empty when all is well, or nothing is known yet. */
export function settingsProblems(settings: TrainSettings | undefined): Map<string, string> {
  const problems = new Map<string, string>();
  if (!settings) return problems;
  for (const field of allFields) {
    const problem = fieldProblem(field, settings[field.name]);
    if (problem !== undefined) problems.set(field.name, problem);
  }
  return problems;
}
