/** Work to measure. */
export interface Measurement {
  /** Runs it once, to its end on the device; resolves to its seconds. */
  run(): Promise<number>;
  /** Set if it has run before, so that its first sample counts. */
  readonly warm?: boolean;
}

export interface Rounds {
  readonly rounds: number;
  /** Time limit in seconds, which may reduce the rounds; at least one is made. */
  readonly seconds: number;
}

/**
 * Takes samples of several measurements in rounds over all of them, so that a temporary slowdown of the machine affects
 * each alike. If any of them is cold, the first round warms up, and counts only if it uses up the time.
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
