/** Faults in a file of settings, and settings that would mend a run. */
export const settingsFile = {
  placeholders_left: ({ names }: { names: readonly string[] }) =>
    `The examples still have placeholders, and the model would learn to write them: ${names.map((name) => `{{${name}}}`).join(', ')}. Fill them with --placeholders ${names.map((name) => `${name}=TEXT`).join(',')}.`,
  settings_assumed: ({ program, settings }: { program: string; settings: readonly string[] }) =>
    `Not named in the file, so as ${program} does it: ${settings.join('; ')}.`,
  settings_left: ({ program, keys }: { program: string; keys: readonly string[] }) =>
    `Could not be taken from the file of ${program}: ${keys.join('; ')}.`,
  settings_other_adapter: ({ type }: { type: string }) =>
    `This is an adapter of the kind ${type}, and only LORA can be trained here.`,
  settings_line: ({ line, problem }: { line: number; problem: string }) => `Line ${line}: ${problem}`,
  settings_too_large: 'The file is too large to be one of settings.',
  settings_no_yaml: 'This is not YAML.',
  settings_twice: 'This name appears a second time.',
  settings_second_document: 'A second document begins here; a file of settings holds one.',
  settings_no_names: 'A name and a value must be here, as in “r: 16”.',
  settings_unknown: ({ name }: { name: string }) => `There is no setting called ${name}.`,
  settings_unknown_near: ({ name, nearest }: { name: string; nearest: string }) =>
    `There is no setting called ${name}. Did you mean ${nearest}?`,
};
