/**
 * What can be done about an error:
 *
 * - `access`: a site does not give what was asked for: a name, an address, a search
 * - `busy`: another tab, another process or other work has it; wait for that
 * - `damaged`: a file is not what its kind of file is; one that was fetched may have come through wrong
 * - `device`: the graphics device or its driver fails
 * - `fit`: this device can't hold the model loaded in this way, or a run with these settings; another way may do
 * - `full`: the storage has no room
 * - `gone`: what storage kept is missing or damaged; its source may still have it
 * - `input`: a setting, a file or a value that the person can mend
 * - `internal`: a fault of the program
 * - `network`: worth another try as it is
 * - `numbers`: the computation left the range of its numbers
 * - `refetch`: what was fetched is not what was listed; a fresh download takes it as it is now
 * - `stopped`: somebody asked for the stop
 * - `storage`: the disk or the browser's storage refuses
 * - `token`: a site asks for a token, or for another one
 */
export type ErrorClass =
  | 'access'
  | 'busy'
  | 'damaged'
  | 'device'
  | 'fit'
  | 'full'
  | 'gone'
  | 'input'
  | 'internal'
  | 'network'
  | 'numbers'
  | 'refetch'
  | 'stopped'
  | 'storage'
  | 'token';

/** Every code of an error, and its class. A code that is missing here does not compile. Sorted. */
export const ERROR_CLASSES = {
  aborted: 'stopped',
  adapter_config: 'input',
  adapter_file_missing: 'input',
  adapter_tensor: 'input',
  adapter_zip: 'input',
  architecture_unsupported: 'input',
  argument_invalid: 'input',
  base_damaged: 'gone',
  base_missing: 'gone',
  buffer_too_large: 'fit',
  chat_template: 'input',
  chat_template_left_out: 'input',
  chat_template_prefix: 'input',
  chat_template_tools: 'input',
  chat_template_weight: 'input',
  checkpoint_damaged: 'damaged',
  checkpoint_differs: 'input',
  checkpoint_not_saved: 'storage',
  checkpoints_damaged: 'damaged',
  choose_model_again: 'input',
  command_unknown: 'input',
  config_invalid: 'input',
  config_unsupported: 'input',
  context_full: 'input',
  data_file_missing: 'input',
  demo_missing: 'network',
  device_lost: 'device',
  download_changed: 'refetch',
  download_failed: 'network',
  download_no_room: 'full',
  download_reopen: 'refetch',
  download_wrong_hash: 'refetch',
  downloaded_file_gone: 'storage',
  dtype_range: 'fit',
  endpoint_answer: 'network',
  endpoint_answer_endless: 'access',
  endpoint_differs: 'access',
  endpoint_invalid: 'access',
  endpoint_limit: 'network',
  endpoint_unreachable: 'network',
  engine_busy: 'busy',
  eval_split: 'input',
  export_differs: 'internal',
  export_dtype_range: 'input',
  export_format: 'input',
  export_not_finite: 'input',
  export_option: 'input',
  export_size: 'input',
  file_in_use: 'busy',
  file_not_written: 'storage',
  file_unreadable: 'storage',
  folder_missing: 'input',
  gguf_alignment: 'damaged',
  gguf_count: 'damaged',
  gguf_cut: 'damaged',
  gguf_gap: 'damaged',
  gguf_header_cut: 'damaged',
  gguf_length: 'damaged',
  gguf_magic: 'damaged',
  gguf_metadata_bool: 'damaged',
  gguf_metadata_key: 'damaged',
  gguf_metadata_missing: 'damaged',
  gguf_metadata_type: 'damaged',
  gguf_metadata_unsupported: 'damaged',
  gguf_not_model: 'input',
  gguf_overlap: 'damaged',
  gguf_rope_factors: 'damaged',
  gguf_several: 'input',
  gguf_shape: 'damaged',
  gguf_split: 'damaged',
  gguf_tensor_twice: 'damaged',
  gguf_text: 'damaged',
  gguf_trailing: 'damaged',
  gguf_type: 'damaged',
  gguf_type_unsupported: 'damaged',
  gguf_unaligned: 'damaged',
  gguf_version: 'damaged',
  git_lfs_pointer: 'damaged',
  gpu_adapter_missing: 'device',
  gpu_error: 'device',
  gpu_out_of_memory: 'device',
  gpu_read_failed: 'device',
  index_differs: 'damaged',
  index_invalid: 'damaged',
  input_ids: 'input',
  json_invalid: 'damaged',
  linear_not_blocked: 'fit',
  logits_not_finite: 'numbers',
  loss_not_finite: 'numbers',
  model_changed: 'input',
  model_file_missing: 'input',
  model_in_other_tab: 'busy',
  model_is_adapter: 'input',
  model_missing: 'input',
  model_reference: 'input',
  no_adapter: 'input',
  no_checkpoint: 'input',
  no_examples: 'input',
  no_model: 'input',
  no_targets: 'input',
  nothing_to_learn: 'input',
  output_dir: 'input',
  output_dir_in_use: 'busy',
  output_dir_used: 'input',
  quant_map: 'input',
  quant_state: 'input',
  quantization_unsupported: 'input',
  repository_file_large: 'access',
  repository_file_missing: 'access',
  repository_gated: 'token',
  repository_invalid: 'access',
  repository_name: 'access',
  repository_not_found: 'access',
  repository_too_many_files: 'access',
  revision_not_found: 'access',
  run_data_missing: 'gone',
  run_in_other_tab: 'busy',
  run_model_differs: 'input',
  run_model_missing: 'gone',
  run_unknown: 'input',
  run_without_checkpoint: 'input',
  safetensors_cut: 'damaged',
  safetensors_dtype: 'damaged',
  safetensors_gap: 'damaged',
  safetensors_header_beyond_file: 'damaged',
  safetensors_header_cut: 'damaged',
  safetensors_header_duplicate_key: 'damaged',
  safetensors_header_not_json: 'damaged',
  safetensors_header_not_object: 'damaged',
  safetensors_header_not_utf8: 'damaged',
  safetensors_header_number: 'damaged',
  safetensors_header_too_long: 'damaged',
  safetensors_metadata: 'damaged',
  safetensors_offsets: 'damaged',
  safetensors_overflow: 'damaged',
  safetensors_overlap: 'damaged',
  safetensors_shape: 'damaged',
  safetensors_tensor_entry: 'damaged',
  safetensors_tensor_length: 'damaged',
  safetensors_too_short: 'damaged',
  safetensors_trailing: 'damaged',
  safetensors_write: 'internal',
  search_answer: 'access',
  search_not_offered: 'access',
  setting_differs: 'input',
  setting_invalid: 'input',
  settings_file_invalid: 'input',
  settings_file_unreadable: 'input',
  shader_missing: 'internal',
  shader_rejected: 'device',
  shader_syntax: 'internal',
  size_not_multiple_of_4: 'internal',
  slot_missing: 'internal',
  stopped: 'stopped',
  storage_failed: 'storage',
  storage_full: 'full',
  storage_path: 'input',
  storage_unavailable: 'storage',
  storage_without_files: 'storage',
  target_module_unknown: 'input',
  target_modules: 'input',
  tensor_dtype: 'input',
  tensor_exceeds_binding: 'fit',
  tensor_missing: 'input',
  tensor_shape: 'input',
  tensor_twice: 'input',
  tensor_unexpected: 'input',
  tensor_values: 'input',
  text_not_utf8: 'damaged',
  tied_head_differs: 'input',
  token_beyond_vocabulary: 'input',
  token_invalid: 'token',
  token_refused: 'token',
  tokenizer_grows: 'input',
  tokenizer_missing: 'input',
  tokenizer_unknown_text: 'input',
  tokenizer_unusable: 'input',
  unexpected_error: 'internal',
  webgpu_missing: 'device',
  weight_not_packed: 'fit',
  weights_not_safetensors: 'input',
  weights_quantized: 'input',
  weights_unsupported: 'input',
  worker_failed: 'internal',
} as const satisfies Readonly<Record<string, ErrorClass>>;

export type ErrorCode = keyof typeof ERROR_CLASSES;

export function classOf(code: ErrorCode): ErrorClass {
  return ERROR_CLASSES[code];
}
