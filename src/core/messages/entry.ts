/** An error in words. */
export interface ErrorWords {
  /** One sentence that says what happened, and where (file, row, tensor). */
  readonly message: string;
  /** The person's next step; absent if none is known. */
  readonly hint?: string;
}

/** An error's entry in a catalogue: its words, or a function from its values to words. */
export type ErrorEntry = ErrorWords | ((values: never) => ErrorWords);

/** An entry of a catalogue for a message of the engine. */
export type EngineEntry = string | ((values: never) => string);

/** The help of a setting. */
export interface SettingHelp {
  /** One line for a person who has never heard of it. */
  readonly help: string;
  /** The meaning of some of its values, as the setting's kind writes them. */
  readonly options?: Readonly<Record<string, string>>;
}
