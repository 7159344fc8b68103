/** An error in words. */
export interface ErrorWords {
  /** What happened and where (file, row, tensor), as one sentence. */
  readonly message: string;
  /** What the person can do about it; absent if nothing is known. */
  readonly hint?: string;
}

/** What a catalogue says of an error: the words, or how its values make them. */
export type ErrorEntry = ErrorWords | ((values: never) => ErrorWords);

/** What a catalogue says of a message of the engine. */
export type EngineEntry = string | ((values: never) => string);

/** The help of a setting. */
export interface SettingHelp {
  /** One line for a person who has never heard of it. */
  readonly help: string;
  /** The meaning of some of its values, as the setting's kind writes them. */
  readonly options?: Readonly<Record<string, string>>;
}
