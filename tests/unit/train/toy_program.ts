import { uniform } from '../../../src/core/random';
import { bytesOf } from '../../../src/core/bytes';
import { floatsOf } from '../../../src/core/dtype';
import { NO_TARGET, type Batch } from '../../../src/data/batches';
import { tensorOf } from '../../../src/formats/checkpoint';
import type { Means } from '../../../src/models/objectives/objective';
import type { StepValues } from '../../../src/models/optimizers/optimizer';
import type {
  MicroBatchValues,
  StepMetrics,
  TrainingProgram,
  TrainingState,
} from '../../../src/models/training_program';

/** Parameters of the toy: token t pulls parameter t mod 8 towards t / 8. */
const SIZE = 8;
/** Of its AdamW. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const WEIGHT_DECAY = 0.01;

/**
 * A problem small enough to follow by hand, with the state and the rounding of the real thing: f32 parameters and
 * moments, AdamW, noise keyed by (seed, counter), gradients kept between the micro-batches of a window.
 */
export class ToyProgram implements TrainingProgram {
  readonly capacity: number;
  readonly calls: string[] = [];
  readonly optimizerSteps: StepValues[] = [];
  /** Called before every micro-batch and every evaluated batch. */
  onWork: (kind: 'microBatch' | 'evaluate') => void = () => undefined;
  /** The optimizer step (1-based) whose loss is NaN. */
  brokenStep = 0;
  #state = emptyState();
  #gradient = new Float32Array(SIZE);
  #loss = 0;
  #metrics: StepMetrics[] = [];
  mostHeld = 0;

  constructor(capacity = 1024) {
    this.capacity = capacity;
  }

  async microBatch(batch: Batch, values: MicroBatchValues): Promise<void> {
    this.onWork('microBatch');
    await Promise.resolve();
    if (batch.rows > this.capacity) throw new Error(`${batch.rows} rows`);
    this.calls.push(
      `${values.accumulate ? '+' : '='}${batch.rows}/${batch.targetTokens}/${values.windowTerms}#${values.counter}`,
    );
    if (!values.accumulate) {
      this.#gradient = new Float32Array(SIZE);
      this.#loss = 0;
    }
    for (const target of batch.targets) {
      if (target === NO_TARGET) continue;
      const noise = uniform(values.seed, 1, values.counter) * 0.01;
      const error = this.#state.parameters[target % SIZE]! - target / SIZE + noise;
      this.#gradient[target % SIZE]! += error / values.windowTerms;
      this.#loss += (0.5 * error * error) / values.windowTerms;
    }
  }

  async optimizerStep(values: StepValues): Promise<void> {
    await Promise.resolve();
    this.optimizerSteps.push(values);
    const broken = values.step === this.brokenStep;
    const gradNorm = Math.hypot(...this.#gradient);
    this.#metrics.push({ loss: broken ? NaN : this.#loss, gradNorm, finite: !broken, metrics: {} });
    this.mostHeld = Math.max(this.mostHeld, this.#metrics.length);
    if (broken) return;
    const { parameters, moment1, moment2 } = this.#state;
    const { learningRate, step } = values;
    for (let i = 0; i < SIZE; i++) {
      const gradient = this.#gradient[i]!;
      moment1[i] = BETA1 * moment1[i]! + (1 - BETA1) * gradient;
      moment2[i] = BETA2 * moment2[i]! + (1 - BETA2) * gradient * gradient;
      const mean = moment1[i]! / (1 - BETA1 ** step);
      const root = Math.sqrt(moment2[i]! / (1 - BETA2 ** step)) + EPSILON;
      parameters[i] = parameters[i]! * (1 - learningRate * WEIGHT_DECAY) - (learningRate * mean) / root;
    }
  }

  metrics(): Promise<readonly StepMetrics[]> {
    const metrics = this.#metrics;
    this.#metrics = [];
    return Promise.resolve(metrics);
  }

  async evaluate(batch: Batch): Promise<Means> {
    this.onWork('evaluate');
    await Promise.resolve();
    if (batch.rows > this.capacity) throw new Error(`${batch.rows} rows`);
    let sum = 0;
    for (const target of batch.targets) {
      if (target !== NO_TARGET) sum += 0.5 * (this.#state.parameters[target % SIZE]! - target / SIZE) ** 2;
    }
    return { loss: sum, metrics: {} };
  }

  readState(): Promise<TrainingState> {
    const { moment1, moment2, parameters } = this.#state;
    const tensors = Object.entries({ moment1, moment2, parameters });
    return Promise.resolve(
      tensors.map(([name, values]) => ({ name, dtype: 'F32', shape: [SIZE], data: bytesOf(values.slice()) })),
    );
  }

  writeState(state: TrainingState): void {
    const read = (name: string): Float32Array =>
      floatsOf('F32', tensorOf(state, { name, dtype: 'F32', shape: [SIZE] }));
    this.#state = {
      parameters: read('parameters'),
      moment1: read('moment1'),
      moment2: read('moment2'),
    };
  }

  destroy(): void {
    this.#state = emptyState();
  }
}

function emptyState(): Record<'parameters' | 'moment1' | 'moment2', Float32Array> {
  return {
    parameters: new Float32Array(SIZE),
    moment1: new Float32Array(SIZE),
    moment2: new Float32Array(SIZE),
  };
}
