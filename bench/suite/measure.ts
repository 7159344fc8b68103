/** Something that takes time. */
export interface Measurement {
  /** Runs it once, to its end on the device; resolves to its seconds. */
  run(): Promise<number>;
  /** It has run before, so that its first sample counts. */
  readonly warm?: boolean;
}

export interface Rounds {
  readonly rounds: number;
  /** Fewer rounds are made where more would take longer than this; one at the least. */
  readonly seconds: number;
}

/**
 * Samples of several measurements, taken in rounds over all of them, so that what slows a machine down for a while falls on
 * each alike. Where something is cold, the first round warms it up: that counts only where it takes all the time there is.
 */
export async function interleaved(
  measurements: readonly Measurement[],
  { rounds, seconds }: Rounds,
): Promise<readonly (readonly number[])[]> {
  const round = async (): Promise<number[]> => {
    const samples: number[] = [];
    for (const measurement of measurements) samples.push(await measurement.run());
    return samples;
  };
  const started = performance.now();
  const first = await round();
  const took = (performance.now() - started) / 1000;
  const warm = measurements.every((measurement) => measurement.warm);
  const more = Math.min(warm ? rounds - 1 : rounds, Math.floor(seconds / took) - 1);
  const samples = first.map((sample): number[] => (warm || more < 1 ? [sample] : []));
  for (let i = 0; i < more; i++) (await round()).forEach((sample, index) => samples[index]?.push(sample));
  return samples;
}
