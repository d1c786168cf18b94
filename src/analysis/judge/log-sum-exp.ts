/**
 * Natural log of the sum of exponentials, without overflow. Evidence is kept in logs; mixing tests by weights is a sum
 * of their evidence, so this is how logs are mixed. An empty list, or one of only -Infinity, gives -Infinity.
 */
export function logSumExp(logs: readonly number[]): number {
  let largest = -Infinity;
  for (const log of logs) if (log > largest) largest = log;
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - largest);
  return largest + Math.log(sum);
}

/** Log of the mean of exponentials: a mixture with equal weights. */
export function logMeanExp(logs: readonly number[]): number {
  return logSumExp(logs) - Math.log(logs.length);
}
