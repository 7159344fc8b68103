import { TimeSlices } from '../../core/time_slices';
import { encode, type Encoded, type Encoding } from './encode';
import type { EncodingThread, ThreadMessage, ThreadSource } from './thread';

/** Threads beyond this number would wait for the base's weights. */
const MOST_THREADS = 8;

/** Milliseconds for a thread's start; on a busy machine it takes a second or two. */
const START_MS = 30_000;

/** Rows that wait for a thread, and the promise of their encoding. */
interface Task {
  readonly encoding: Encoding;
  readonly values: Float32Array<ArrayBuffer>;
  readonly resolve: (encoded: Encoded) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly thread: EncodingThread;
  /** Idle if undefined, once the thread is ready. */
  task: Task | undefined;
  ready: boolean;
  /** Waits for its start. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Threads that encode rows. If none can start, or all have crashed, the calling thread encodes. */
export class ThreadPool {
  readonly #members = new Set<Member>();
  readonly #waiting: Task[] = [];
  readonly #slices = new TimeSlices();
  #encodesItself = false;

  constructor(source: ThreadSource | undefined) {
    const count = Math.min(source?.count ?? 0, MOST_THREADS);
    for (let i = 0; source && i < count; i++) this.#start(source);
  }

  /** Encodes rows; they must not change meanwhile. Rejects with the errors of `encode`. */
  encode(encoding: Encoding, values: Float32Array<ArrayBuffer>): Promise<Encoded> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ encoding, values, resolve, reject });
      this.#distribute();
    });
  }

  /** Ends the threads. Rejects all unfinished work. */
  close(): void {
    const closed = new Error('the encoding threads are closed');
    for (const { task } of this.#members) task?.reject(closed);
    for (const member of this.#members) this.#end(member);
    for (const { reject } of this.#waiting.splice(0)) reject(closed);
  }

  #start(source: ThreadSource): void {
    const onMessage = (message: ThreadMessage): void => this.#receive(member, message);
    const onFailure = (): void => this.#fail(member);
    let thread: EncodingThread;
    try {
      thread = source.start(onMessage, onFailure);
    } catch {
      // The other threads do its work, or the calling one.
      return;
    }
    const member: Member = { thread, task: undefined, ready: false, timer: undefined };
    this.#members.add(member);
    this.#awaitStart(member);
  }

  /** A thread that never says that it is ready, and never fails, must not hold up the work. */
  #awaitStart(member: Member): void {
    member.timer = setTimeout(() => this.#fail(member), START_MS);
    // In Node, the timer alone must not keep the process.
    if (typeof member.timer === 'object') member.timer.unref();
  }

  #receive(member: Member, message: ThreadMessage): void {
    const { task } = member;
    member.task = undefined;
    member.ready = true;
    clearTimeout(member.timer);
    if ('encoded' in message) task?.resolve(message.encoded);
    if ('error' in message) task?.reject(message.error);
    this.#distribute();
  }

  #fail(member: Member): void {
    this.#end(member);
    // The pool still has the rows, so another thread can encode them.
    if (member.task) this.#waiting.unshift(member.task);
    this.#distribute();
  }

  #end(member: Member): void {
    clearTimeout(member.timer);
    if (this.#members.delete(member)) member.thread.close();
  }

  #distribute(): void {
    if (this.#members.size === 0) {
      void this.#encodeWaiting();
      return;
    }
    for (const member of this.#members) {
      if (!member.ready || member.task) continue;
      const task = this.#waiting.shift();
      if (!task) return;
      member.task = task;
      // A copy moves to the thread: the rows may be a part of a larger array.
      member.thread.send({ encoding: task.encoding, values: task.values.slice() });
    }
  }

  async #encodeWaiting(): Promise<void> {
    if (this.#encodesItself) return;
    this.#encodesItself = true;
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) {
      await this.#slices.giveWay();
      try {
        task.resolve(encode(task.encoding, task.values.slice()));
      } catch (error) {
        task.reject(error);
      }
    }
    this.#encodesItself = false;
  }
}
