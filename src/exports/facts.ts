import { message, type Message } from '../core/messages/message';

/** The purpose of the files for a person. */
type ExportPurpose = 'run' | 'adapter' | 'more';

/** Facts by which a person chooses a format and uses its files. */
interface FormatFacts {
  readonly name: string;
  readonly purpose: ExportPurpose;
  /** The content of the zip. */
  readonly holds: 'model' | 'adapter' | 'folder';
  /** The programs that take the files. */
  readonly title: Message;
  /** One line about the files. */
  readonly about: Message;
  /** How the files come to the programs whose code the export shows. */
  readonly use: Message;
  /** Whether the chat of the page opens its zip. */
  readonly opensInChat: boolean;
}

/** All formats in the order in which a person sees them. The page shows them before there is anything to export. */
export const FORMAT_FACTS = [
  {
    name: 'gguf',
    purpose: 'run',
    holds: 'model',
    title: message('export_gguf_title'),
    about: message('export_gguf_about'),
    use: message('export_gguf_use'),
    opensInChat: false,
  },
  {
    name: 'onnx',
    purpose: 'run',
    holds: 'model',
    title: message('export_onnx_title'),
    about: message('export_onnx_about'),
    use: message('export_onnx_use'),
    opensInChat: true,
  },
  {
    name: 'merged',
    purpose: 'run',
    holds: 'model',
    title: message('export_merged_title'),
    about: message('export_merged_about'),
    use: message('export_merged_use'),
    opensInChat: false,
  },
  {
    name: 'peft',
    purpose: 'adapter',
    holds: 'adapter',
    title: message('export_peft_title'),
    about: message('export_peft_about'),
    use: message('export_peft_use'),
    opensInChat: false,
  },
  {
    name: 'gguf-lora',
    purpose: 'adapter',
    holds: 'adapter',
    title: message('export_gguf_lora_title'),
    about: message('export_gguf_lora_about'),
    use: message('export_gguf_lora_use'),
    opensInChat: false,
  },
  {
    name: 'cluster',
    purpose: 'more',
    holds: 'folder',
    title: message('export_cluster_title'),
    about: message('export_cluster_about'),
    use: message('export_cluster_use'),
    opensInChat: false,
  },
] as const satisfies readonly FormatFacts[];

/** The types let no format be without facts. */
export type FormatName = (typeof FORMAT_FACTS)[number]['name'];
