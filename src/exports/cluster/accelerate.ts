import { startsAsPissa } from '../../core/settings/starts';
import { Document } from 'yaml';
import type { TrainSettings } from '../../core/settings/settings';

/** Processes that both files ask for; `accelerate launch --num_processes` takes precedence. */
export const PROCESSES = 8;

const machine = (dtype: TrainSettings['dtype']) => ({
  compute_environment: 'LOCAL_MACHINE',
  debug: false,
  downcast_bf16: 'no',
  enable_cpu_affinity: false,
  machine_rank: 0,
  main_training_function: 'main',
  mixed_precision: { auto: 'bf16', float16: 'fp16', float32: 'no' }[dtype],
  num_machines: 1,
  num_processes: PROCESSES,
  rdzv_backend: 'static',
  same_network: true,
  use_cpu: false,
});

/** accelerate reads YAML 1.1, in which a bare `no` is false. */
const yaml = (values: object): string => new Document(values, { version: '1.1' }).toString();

/** accelerate's configuration for DeepSpeed ZeRO-2: gradients and moments are divided over the GPUs. */
export function zero2Text(dtype: TrainSettings['dtype']): string {
  return yaml({
    ...machine(dtype),
    distributed_type: 'DEEPSPEED',
    deepspeed_config: {
      deepspeed_multinode_launcher: 'standard',
      offload_optimizer_device: 'none',
      offload_param_device: 'none',
      zero3_init_flag: false,
      zero_stage: 2,
    },
  });
}

/** accelerate's configuration for FSDP, version 2: the base is divided over the GPUs too. */
export function fsdpText(
  settings: Pick<TrainSettings, 'dtype' | 'finetuning_type' | 'init_lora_weights'>,
): string {
  return yaml({
    ...machine(settings.dtype),
    distributed_type: 'FSDP',
    fsdp_config: {
      fsdp_version: 2,
      fsdp_auto_wrap_policy: 'TRANSFORMER_BASED_WRAP',
      fsdp_activation_checkpointing: false,
      // Each process but one would leave the base empty, and PiSSA would divide that.
      fsdp_cpu_ram_efficient_loading: !startsAsPissa(settings),
      fsdp_offload_params: false,
      fsdp_reshard_after_forward: true,
      fsdp_state_dict_type: 'FULL_STATE_DICT',
    },
  });
}
