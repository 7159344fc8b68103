export interface StorageEstimate {
  /** Bytes that the page has stored. */
  readonly used: number;
  /** Bytes that it may store, those included. */
  readonly quota: number;
}

/** What the browser says about room; undefined if it doesn't. Rounded by some browsers, for privacy. */
export async function estimateStorage(
  storage: Pick<StorageManager, 'estimate'>,
): Promise<StorageEstimate | undefined> {
  const { usage, quota } = await storage.estimate();
  return usage === undefined || quota === undefined ? undefined : { used: usage, quota };
}

/** Asks the browser not to clear the page's storage when the disk runs short. False if it makes no such promise. */
export async function persistStorage(
  storage: Pick<StorageManager, 'persist' | 'persisted'>,
): Promise<boolean> {
  return (await storage.persisted()) || (await storage.persist());
}
