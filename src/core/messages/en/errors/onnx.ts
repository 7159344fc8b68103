import { format, plural } from '../format';

interface File {
  readonly file: string;
}

const exportAgain = 'Export the model again, or copy its folder again as a whole.';

/** Errors of ONNX folders, and of onnxruntime-web, which runs them. */
export const onnxErrors = {
  export_worker_failed: {
    message: 'The part of this page that runs the ONNX folder could not start, or stopped.',
    hint: 'Open the folder again. If it happens again, the model may be too large for this browser.',
  },
  onnx_damaged: ({ file }: File) => ({
    message: `${file} is not an ONNX file, or it is incomplete.`,
    hint: exportAgain,
  }),
  onnx_data_missing: ({ file, missing }: File & { missing: string }) => ({
    message: `${file} keeps its weights in ${missing}, which is not in the folder.`,
    hint: 'Open the whole folder, with its data files.',
  }),
  onnx_data_short: ({ file, bytes, expected }: File & { bytes: number; expected: number }) => ({
    message: `${file} has ${format.bytes(bytes)}, but the model needs ${format.bytes(expected)} of it.`,
    hint: exportAgain,
  }),
  onnx_inputs: ({ file, names }: File & { names: readonly string[] }) => ({
    message: `${file} needs ${plural(names.length, 'input')} that this page can’t give: ${format.series(names)}.`,
    hint: 'Use an export of a text model for generation, with the inputs that transformers.js knows.',
  }),
  onnx_logits: ({ type }: { type: string }) => ({
    message: `The model’s logits are of the type ${type}, which is not supported.`,
    hint: 'Export the model with logits in float32 or float16.',
  }),
  onnx_missing: {
    message: 'The folder has no ONNX model.',
    hint: 'Open the folder that contains config.json and onnx/model.onnx, or genai_config.json and model.onnx.',
  },
  onnx_needs_f16: ({ file }: File) => ({
    message: `${file} has weights in float16, and the GPU can’t compute with them in this browser.`,
    hint: 'Run it on the processor, or export the model in q4 or fp32.',
  }),
  onnx_no_memory: ({ file }: File) => ({
    message: `There is not enough memory to run ${file}.`,
    hint: 'Close other tabs and programs, or export the model in q4.',
  }),
  onnx_not_decoder: ({ file }: File) => ({
    message: `${file} does not continue text: it has no input “input_ids”, or no output “logits”.`,
    hint: 'Use an export of a text model for generation.',
  }),
  onnx_opset: ({ file, version, most }: File & { version: number; most: number }) => ({
    message: `${file} uses ops of version ${version}; this page can run them up to version ${most}.`,
    hint: 'Export the model with an older opset.',
  }),
  onnx_parts: ({ files }: { files: readonly string[] }) => ({
    message: `The folder has several graphs, and none is a whole text model: ${format.series(files)}.`,
    hint: 'Use an export of a text model for generation, in one file.',
  }),
  onnx_refused: ({ file }: File) => ({
    message: `onnxruntime-web can’t open ${file}.`,
    hint: 'Its reason is in the details. An export with other ops or another quantisation may open.',
  }),
  onnx_run_failed: ({ file }: File) => ({
    message: `onnxruntime-web stopped while it ran ${file}.`,
    hint: 'Open the folder again. If it happens again, run it on the processor.',
  }),
  onnx_runtime_missing: {
    message: 'onnxruntime-web can’t be loaded. It is needed the first time that you open an ONNX folder.',
    hint: 'Check the network and try again. Afterwards, it is stored for use without a network.',
  },
  onnx_too_large: ({ file, bytes, most }: File & { bytes: number; most: number }) => ({
    message: `${file} has ${format.bytes(bytes)}. On the processor, a browser can run models of up to ${format.bytes(most)}: WebAssembly addresses 4 GiB.`,
    hint: 'Run it on the GPU, or export the model in q4.',
  }),
  zip_compressed: ({ zip, file }: { zip: string; file: string }) => ({
    message: `${file} in ${zip} is compressed and too large to be unpacked in memory.`,
    hint: 'Unpack the zip, and open the folder.',
  }),
  zip_unreadable: ({ file }: File) => ({
    message: `${file} is not a zip file, or it is damaged or encrypted.`,
    hint: 'Unpack it, and open the folder.',
  }),
};
