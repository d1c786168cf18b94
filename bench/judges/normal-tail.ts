/** Probability that a standard normal variable is above z, to about 1e-10. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  // Simpson's rule on the density over twelve standard deviations: beyond that nothing is left.
  const steps = 600;
  const width = 12 / steps;
  const density = (at: number): number => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(z) + density(z + 12);
  for (let index = 1; index < steps; index += 1) sum += density(z + index * width) * (index % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}
