/** A case of an op, each of which becomes one test in the browser and one under Dawn. */
export interface CaseName {
  op: string;
  name: string;
}

/** Every case of every op. Listed in Node as well as in the page, so nothing here may need a device. */
export function listCases(): CaseName[] {
  return [];
}

/** Runs one case on this realm's `navigator.gpu` and returns what was wrong, one line each: nothing where it passed. */
export function runCase(op: string, name: string): Promise<string[]> {
  return Promise.reject(new Error(`There is no case ${name} of ${op}.`));
}
