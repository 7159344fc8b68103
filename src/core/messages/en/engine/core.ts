/** Reasons that belong to no room. */
export const coreMessages = {
  value_absent: 'it is missing',
  value_differs: ({ expected, received }: { expected: string; received: string }) =>
    `expected ${expected} but received ${received}`,
};
