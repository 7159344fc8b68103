// Measures how many weights the command line's encoding threads encode in a second, for each type of ggml:
// node tools/encoding_speed.mjs [threads, default all cores]. The rate of one thread counts processor time, so that other
// programs on the machine do not matter.
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ensureBuilt } from './lib/build.mjs';

const TYPES = ['F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q4_K', 'Q5_K', 'Q6_K'];
/** Weights of a request; a thread of an export gets as many. */
const PORTION = 2 ** 17;
const PORTIONS = 64;

const threads = Number(process.argv[2] ?? availableParallelism());
const program = join(dirname(await ensureBuilt('cli', (line) => console.error(line))), 'encode_worker.js');
const workers = Array.from({ length: threads }, () => new Worker(program));
await Promise.all(workers.map((worker) => answer(worker)));

const values = Float32Array.from({ length: PORTION }, () => (Math.random() + Math.random() - 1) * 0.05);
for (const type of TYPES) {
  await measured(workers, type);
  const [one, all] = [await measured(workers.slice(0, 1), type), await measured(workers, type)];
  console.log(
    `${type}: one thread ${one.busy} million weights a second of its own, ${threads} threads ${all.passed} a second`,
  );
}
await Promise.all(workers.map((worker) => worker.terminate()));

/**
 * @param {readonly Worker[]} chosen
 * @param {string} type
 */
async function measured(chosen, type) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  let left = PORTIONS;
  await Promise.all(
    chosen.map(async (worker) => {
      while (left-- > 0) {
        const copy = values.slice();
        worker.postMessage({ encoding: { encoder: 'ggml', type, rowLength: 1024 }, values: copy }, [
          copy.buffer,
        ]);
        await answer(worker);
      }
    }),
  );
  const { user, system } = process.cpuUsage(used);
  const rate = (/** @type {number} */ milliseconds) => Math.round((PORTION * PORTIONS) / milliseconds / 1000);
  return { busy: rate((user + system) / 1000), passed: rate(performance.now() - start) };
}

/**
 * The next message of a thread. A thread that fails ends this program by an event that nobody listens to.
 * @param {Worker} worker
 * @returns {Promise<void>}
 */
function answer(worker) {
  return new Promise((resolve) => {
    worker.once('message', (/** @type {object} */ message) => {
      if ('error' in message) throw new Error('a thread refuses the weights', { cause: message.error });
      resolve();
    });
  });
}
