/** Milliseconds for which Dawn asks without a pause: a GPU has done a short piece of work by then. */
const EAGER = 2;

/**
 * Lets Dawn ask the driver once a millisecond whether work is done, after a first moment. Dawn's package for Node asks in
 * a loop of setImmediate instead, which takes a whole core for as long as the GPU computes: from a software adapter, it
 * takes the core that it computes on. The package looks up setImmediate each time, so a replacement reaches it, and
 * ignores the value returned; all other callers get the original. Windows keeps the loop, because a timer may take 16
 * milliseconds there.
 */
export function askDawnCalmly(platform = process.platform): void {
  if (platform === 'win32') return;
  const original = globalThis.setImmediate;
  let since = 0;
  let asking = false;
  const calm = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    if (!isDawns(callback)) return original(callback, ...args);
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

/**
 * Whether a function may be Dawn's: one of a native module, without a name or arguments. A bound function is native too,
 * but has a name, and a promise's `resolve` takes an argument.
 */
function isDawns(callback: (...args: unknown[]) => void): boolean {
  const { name, length } = callback;
  return name === '' && length === 0 && String(callback).endsWith('{ [native code] }');
}
