/** Errors of settings and their values. */
export const settingErrors = {
  setting_invalid: ({
    name,
    range,
    value,
    fallback,
  }: {
    name: string;
    range: string;
    value: string;
    fallback: string;
  }) => ({
    message: `${name} must be ${range}, not ${value}.`,
    hint: `Correct ${name}; without it, ${fallback} is used.`,
  }),
  setting_unknown: ({
    name,
    nearest,
    names,
  }: {
    name: string;
    nearest: string | null;
    names: readonly string[];
  }) => ({
    message: `There is no setting called ${name}.`,
    hint:
      nearest === null
        ? `The settings are ${names.join(', ')}.`
        : `Did you mean ${nearest}? Otherwise leave it out.`,
  }),
  settings_no_object: ({ value }: { value: string }) => ({
    message: `The settings must be an object of names and values, not ${value}.`,
    hint: 'Correct the settings and try again.',
  }),
};
