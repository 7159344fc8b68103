/** Milliseconds for which Dawn asks without a pause: a GPU has done a short piece of work by then. */
const EAGER = 2;

/**
 * Lets Dawn ask the driver once a millisecond whether work is done, after a first moment. Dawn's package for Node asks in
 * a loop of setImmediate instead, which takes a whole core for as long as the GPU computes: from a software adapter, it
 * takes the core that it computes on. The package looks up setImmediate each time, so a replacement reaches it; all
 * other callers get the original.
 */
export function askDawnCalmly(): void {
  const original = globalThis.setImmediate;
  let since = 0;
  let asking = false;
  const calm = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    if (!isNative(callback)) return original(callback, ...args);
    const now = performance.now();
    // A request from outside begins a wait; one from within Dawn's callback goes on with it.
    if (!asking) since = now;
    const ask = (): void => {
      asking = true;
      try {
        callback(...args);
      } finally {
        asking = false;
      }
    };
    return now - since < EAGER ? original(ask) : setTimeout(ask, 1);
  };
  // Such as the variant that returns a promise.
  Object.defineProperties(calm, Object.getOwnPropertyDescriptors(original));
  globalThis.setImmediate = calm as typeof setImmediate;
}

/** Whether a function is of a native module, or bound. */
function isNative(callback: unknown): boolean {
  return Function.prototype.toString.call(callback).endsWith('{ [native code] }');
}
