/** Code or a command line that runs the written files. */
export interface ExportUse {
  /** The program's name: llama.cpp. */
  readonly program: string;
  readonly code: string;
}
