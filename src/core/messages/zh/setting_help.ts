import type { Catalogue } from '../catalogue';

/** The help of the settings for loading and training. */
export const settingHelp: Catalogue['settingHelp'] = {
  load_in_4bit: '把基座模型的线性层量化为 NF4，与 bitsandbytes 相同。显存占用大幅减少，能力几乎不变。',
  bnb_4bit_use_double_quant: '把 4 位层的缩放系数也量化为 8 位（双重量化）。',
  dtype: {
    help: '非 4 位权重的数据类型。',
    options: { auto: '与检查点中存储的一致', float16: '半精度', float32: '单精度' },
  },
  num_train_epochs: '训练轮数：每条样本学习几遍，可以是小数。',
  learning_rate: '学习率：每次更新的最大幅度。',
  r: '秩：适配器的大小。',
  max_seq_length: '样本的最大 token 数，超出部分会被截断。',
  lora_alpha: '适配器作用的强弱：其输出乘以 lora_alpha / r。',
  lora_dropout: '随机置零的适配器输入所占的比例，用来防止过拟合。',
  use_rslora: '改为按 lora_alpha / √r 缩放，适合较高的秩。',
  finetuning_type: {
    help: '训练哪些参数。',
    options: {
      lora: 'LoRA：在每个线性层旁训练一对小矩阵',
      oft: 'OFT：分块旋转每个线性层的输入，不改变其长度，因此遗忘较少',
      ia3: 'IA³：每个输出或输入一个系数，参数最少，适合小幅调整',
      full: '全量训练：训练模型的全部权重，适合小模型；需要较低的学习率（如 2e-5），占用显存最多',
      freeze: '冻结训练：只训练部分块的全部权重，通常是最后几块；显存占用介于 LoRA 与全量训练之间',
    },
  },
  freeze_trainable_layers: '要训练的块数：2 表示最后两块，-2 表示最前两块。',
  freeze_trainable_modules: '这些块中要训练的模块名称，如 self_attn、mlp；all 表示全部。',
  freeze_extra_modules: '块以外同时训练的模块：embed_tokens、norm、lm_head。',
  oft_block_size:
    '多少个输入一起旋转。块越大，可改变的越多，参数也越多。若不能整除某层的输入数，则取最接近的约数。',
  use_cayley_neumann: '用较短的级数计算旋转，速度快，改变量小时接近精确旋转。关闭后按公式精确计算。',
  num_cayley_neumann_terms: '该级数的项数。项数越多，越接近精确旋转。',
  feedforward_modules: '系数作用于输入的模块；其余模块的系数作用于输出。',
  use_dora: 'DoRA：同时训练每个输出的幅度。更接近全量训练，速度稍慢。',
  init_lora_weights: {
    help: '适配器的初始化方式。PiSSA 从权重的主成分开始，学得更快；它要求模型发布时未经量化，并保存为秩为 2 r 的普通 LoRA。',
    options: {
      true: '随机初始化，开始时不改变模型',
      pissa: 'PiSSA，使用全部奇异值',
      loftq: 'LoftQ：从第一步起就弥补 4 位基座的量化误差',
      pissa_niter_16: '近似的 PiSSA，迭代次数为末尾的数字，准备更快',
    },
  },
  rank_pattern: '为某些模块单独设置秩，按名称或正则表达式：q_proj=8,v_proj=4。',
  alpha_pattern: '以同样的方式为某些模块单独设置 lora_alpha。',
  layers_to_transform: '添加适配器的层，从 0 开始编号；不填写则为所有层。',
  target_modules: '添加适配器的线性层。全部添加时效果最好。',
  max_steps: '训练到这个步数就停止，不管 num_train_epochs 是多少；-1 表示由训练轮数决定。',
  per_device_train_batch_size: '同时计算的样本数。越大越稳定，占用的显存也越多。',
  gradient_accumulation_steps: '梯度累积：每次更新前累积的批次数，相当于更大的批次，但不多占显存。',
  gradient_checkpointing: '梯度检查点：不保留激活值，需要时重新计算。显存更省，时间增加约三分之一。',
  lr_scheduler_type: {
    help: '学习率在训练过程中如何变化。',
    options: {
      linear: '线性下降到零',
      cosine: '沿余弦曲线下降到零',
      constant: '保持不变，没有预热',
      constant_with_warmup: '先升高，然后保持不变',
      cosine_with_restarts: '沿余弦曲线下降到零，共 num_cycles 次',
      cosine_with_min_lr: '沿余弦曲线下降，不低于 min_lr_rate',
      polynomial: '按剩余步数的幂下降到 lr_end',
      inverse_sqrt: '按步数的平方根反比下降，越来越慢',
      warmup_stable_decay: '一直保持较高，只在最后 num_decay_steps 步下降',
    },
  },
  warmup_steps: '预热：学习率从零升高所用的步数；小于 1 时表示占全部步数的比例；0 表示不预热。',
  warmup_ratio: '预热比例的旧名称；warmup_steps 不小于 1 时不起作用。',
  num_cycles: '学习率重新升高再下降的次数。',
  min_lr_rate: '最低学习率，用占 learning_rate 的比例表示。',
  power: '学习率的下降方式：1 为线性，大于 1 时先快后慢。',
  lr_end: '训练结束时的学习率。',
  timescale: '下降快慢的步数尺度；留空时取预热步数，没有预热则为 10,000。',
  num_decay_steps: '末尾学习率下降所用的步数；小于 1 时表示占全部步数的比例。',
  decay_type: {
    help: '末尾阶段学习率如何下降。',
    options: { cosine: '沿余弦曲线', linear: '线性', '1-sqrt': '先快后慢，即 1 − √t' },
  },
  min_lr_ratio: '训练结束时的学习率，用占 learning_rate 的比例表示。',
  optim: {
    help: '优化器：把梯度变成参数更新。',
    options: {
      adamw_torch: '两组状态（一阶矩和二阶矩），单精度',
      adamw_8bit: '8 位状态，显存占用为四分之一；paged_adamw_8bit 在这里含义相同',
      lion_32bit: '只用一组动量的符号；learning_rate 宜取 AdamW 的三分之一到十分之一，adam_beta2 宜取 0.99',
      lion_8bit: 'Lion，动量为 8 位，显存占用为 AdamW 的八分之一',
      adafactor: '每行、每列只保存一个二阶矩，几乎不占显存',
      muon: '对矩阵做正交化更新，主要用于全参数微调；向量、嵌入层和输出层仍用 AdamW',
      schedule_free_adamw: '用各步的平均代替下降的学习率；lr_scheduler_type 宜选 constant_with_warmup',
    },
  },
  muon_adjust_lr_fn: {
    help: 'Muon 如何缩放每个矩阵的学习率。',
    options: {
      match_rms_adamw: '使更新幅度与 AdamW 相当，可沿用 AdamW 的 learning_rate',
      original: '只按矩阵形状缩放；learning_rate 宜取 0.02 左右',
    },
  },
  loraplus_lr_ratio:
    'LoRA+：适配器的 B 与 A 的学习率之比。常用 16，并配合较小的 learning_rate；1 表示两者相同。',
  loss_type: {
    help: '如何由 token 的概率 p 得到它的损失。',
    options: {
      nll: '-log p：每个 token 的分量相同',
      dft: '-p log p，即动态微调（DFT）：模型认为不太可能的 token 分量更小，泛化可能更好',
    },
  },
  layerwise_lr_decay:
    '逐层学习率衰减：每一层与上一层的学习率之比，使靠前的层改变最少；常用 0.9，1 表示各层相同。',
  label_smoothing_factor: '标签平滑：把目标概率的这一比例分摊到整个词表，防止过于自信；通常为 0。',
  weight_decay: '权重衰减：每一步都把适配器的权重向零拉近一点。',
  max_grad_norm: '梯度裁剪：超过这个长度的梯度会被缩短到此长度；0 表示不裁剪。',
  adam_beta1: '梯度移动平均的衰减系数。',
  adam_beta2: '梯度平方移动平均的衰减系数。',
  adam_epsilon: '防止除以零的小常数。',
  objective: {
    help: '从样本中学习什么。',
    options: {
      sft: '监督微调：学会写出样本中的回答',
      pt: '继续预训练：从整篇文本学习语言和知识，过长的文本按 max_seq_length 分段',
    },
  },
  train_on: {
    help: '哪些 token 计入损失。',
    options: {
      responses: '只计回答',
      last_response: '只计对话的最后一个回答，前面的回答作为上下文',
      all: '问题也计入',
    },
  },
  template: {
    help: '样本如何变成文本。',
    options: {
      model: '模型自带的对话模板；没有时使用 Alpaca 提示词',
      alpaca: 'Alpaca 提示词',
    },
  },
  placeholders: '样本中 {{name}} 之类的占位符要填写的内容：name=Ada,author=Acme。',
  sources:
    '各个样本文件的选项，用词与 LLaMA-Factory 的 dataset_info.json 一致：读取方式（encoding、delimiter、header、columns、tags）、用途（split）、占比（weight、num_samples）、默认系统提示（default_system）。',
  cleaning: {
    help: '训练前对数据行的清洗步骤，会改动或丢弃数据行；报告列出每一步的结果。',
    options: {
      none: '不清洗',
      light: '处理空白、损坏的字符和完全重复的数据行',
      strict: '在此之上，还遮盖隐私信息，并去掉自我重复的回答和近似重复的数据行',
    },
  },
  dataset:
    '有多个文件时，用于训练的数据集：文件中 dataset_info.json 里的条目名，或文件名。none 表示全部文件。',
  eval_dataset: '同上，用于评估：其中的数据行都不参与训练。',
  max_samples: '每个文件最多使用的样本数，取前面的。添加的数据行和手动留作评估的数据行不受限制。',
  mix_strategy: {
    help: '多个样本文件如何合成一个数据集。',
    options: {
      concat: '依次拼接，每条样本出现的次数由所在文件的权重决定',
      interleave_under: '轮流取用（设有权重时按权重抽取），直到第一个文件用完',
      interleave_over: '轮流取用（设有权重时按权重抽取），直到最后一个文件用完',
    },
  },
  interleave_probs: '从 dataset 中各数据集抽取的概率，顺序与其一致。',
  packing:
    '打包：把多条样本放进同一行，每行最多 max_seq_length 个 token，样本之间互不可见。此时批大小按行计，一批包含更多样本。',
  packing_strategy: {
    help: '样本如何打包。',
    options: {
      bfd: '从长到短，整条放入剩余空间最小且放得下的行；过长的样本会被截断',
      bfd_split: '同上，但过长的样本会分段放入其他行',
      wrapped: '依次首尾相接，一行放满即切开',
    },
  },
  eval_split: '留作评估的样本所占的比例，这些样本不参与训练。',
  neftune_noise_alpha: 'NEFTune：训练时给样本的词嵌入加噪声，防止过拟合。常用 5。',
  shuffle: '每一轮都重新打乱样本的顺序。',
  group_by_length: '把长度相近的样本放进同一批，顺序仍然随机。',
  seed: '所有随机数的种子：种子相同，得到的适配器也相同。',
  logging_steps: '每隔多少步报告一次损失。',
  eval_steps: '每隔多少步在评估集上评估一次；0 表示不评估。',
  sample_prompts:
    '训练开始前、训练途中和结束后要回答的提示词：examples 表示从样本中选取至多三条，none 表示不提问。',
  report_to:
    '供其他程序读取的曲线文件，由命令行写在检查点旁，也写入集群脚本：tensorboard（W&B、SwanLab 也能读取）、csv（Trackio、pandas）或 jsonl；all 表示全部，none 表示不写。在本页面上，可在“训练记录”中下载任一训练任务的这些文件。',
  save_steps: '每隔多少步保存一个检查点。',
  save_total_limit: '保留的检查点个数，更早的会被删除。',
  load_best_model_at_end:
    '训练结束时采用评估损失（按 loss_type 计算）最低那一步的适配器；它的检查点会与 save_total_limit 的最新检查点一起保留。',
  early_stopping_patience: '连续这么多次评估都没有改善时提前结束训练，避免把样本死记硬背下来。',
  early_stopping_threshold: '评估损失至少要比此前最低值低出这么多，才算 early_stopping_patience 所说的改善。',
};

/** The help of the settings of an answer. */
export const answerHelp: Catalogue['answerHelp'] = {
  temperature: '温度：采样的随机程度；0 表示总是选取概率最高的 token。',
  top_p: '只在累计概率达到此值的最可能的 token 中采样。',
  top_k: '只在概率最高的 k 个 token 中采样；0 表示不限。',
  repetition_penalty: '重复惩罚：大于 1 时，已经出现过的 token 概率降低。',
  max_new_tokens: '一个回答最多的 token 数。',
  seed: '种子相同，得到的回答也相同。',
};

/** The help of the settings of a mix of adapters. */
export const mixHelp: Catalogue['mixHelp'] = {
  combination_type: {
    help: '把几个适配器混合成一个的方式。',
    options: {
      svd: '把它们对模型的改动相加，再用秩为 svd_rank 的适配器尽可能逼近；秩可以不同',
      linear: '直接把矩阵相加：快，但粗略；秩必须相同',
      cat: '改动的精确之和；秩为各适配器的秩之和',
      ties: '保留每个适配器中最大的值，再保留其中符号一致的；秩必须相同',
      dare_linear: '随机丢弃一部分值并放大其余的值，然后按 linear 相加',
      dare_ties: '随机丢弃一部分值并放大其余的值，再保留其中符号一致的',
    },
  },
  density: '每个适配器保留的值所占的比例，用于 ties、dare_linear 和 dare_ties。',
  majority_sign_method: {
    help: 'ties 和 dare_ties 确定每个值的符号的方式。',
    options: { total: '按各值之和的符号', frequency: '按多数适配器的符号' },
  },
  svd_rank: '用 svd 混合时结果的秩。',
  seed: '决定 dare_linear 和 dare_ties 丢弃哪些值：种子相同，混合结果也相同。',
};
