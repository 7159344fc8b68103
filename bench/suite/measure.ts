/** Something that takes time. */
export interface Measurement {
  /** Runs it once, to its end on the device; resolves to its seconds. */
  run(): Promise<number>;
}

export interface Rounds {
  readonly rounds: number;
  /** Fewer rounds are made where more would take longer than this; one at the least. */
  readonly seconds: number;
}

/**
 * Samples of several measurements, taken in rounds over all of them, so that what slows a machine down for a while falls on
 * each alike. The first round is for warming up: it counts only where it takes all the time that there is.
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
  const affordable = Math.min(rounds, Math.floor(seconds / took) - 1);
  if (affordable < 1) return first.map((sample) => [sample]);
  const samples = measurements.map((): number[] => []);
  for (let i = 0; i < affordable; i++)
    (await round()).forEach((sample, index) => samples[index]?.push(sample));
  return samples;
}
