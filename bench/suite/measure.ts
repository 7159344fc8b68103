/** Something that takes time. */
export interface Measurement {
  /** Runs it once, to its end on the device; resolves to its seconds. */
  run(): Promise<number>;
}

/**
 * Samples of several measurements, taken in rounds over all of them, so that what slows a machine down for a while falls on
 * each alike. The first round is for warming up and does not count.
 */
export async function interleaved(
  measurements: readonly Measurement[],
  rounds: number,
): Promise<readonly (readonly number[])[]> {
  const samples = measurements.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, measurement] of measurements.entries()) {
      const seconds = await measurement.run();
      if (round > 0) samples[index]?.push(seconds);
    }
  }
  return samples;
}
