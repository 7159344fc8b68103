export interface StorageEstimate {
  /** Bytes that the page has stored. */
  readonly used: number;
  /** Bytes that it may store in all. */
  readonly quota: number;
}

/**
 * The browser's estimate of used and allowed storage; undefined if it gives none. Some browsers round it for privacy.
 */
export async function estimateStorage(
  storage: Pick<StorageManager, 'estimate'>,
): Promise<StorageEstimate | undefined> {
  const { usage, quota } = await storage.estimate();
  return usage === undefined || quota === undefined ? undefined : { used: usage, quota };
}

/**
 * Asks the browser not to clear the page's storage when the disk runs short. Returns false if it does not promise that.
 */
export async function persistStorage(
  storage: Pick<StorageManager, 'persist' | 'persisted'>,
): Promise<boolean> {
  return (await storage.persisted()) || (await storage.persist());
}
