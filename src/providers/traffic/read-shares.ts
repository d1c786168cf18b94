import type { TrafficReading } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';

/** The weights in one place that splits traffic, as they stand there. */
export interface SplitWeights {
  /** Where it is, for messages. */
  readonly subject: string;
  readonly canary: number;
  readonly stable: number;
  /** By Service name. */
  readonly additional: Readonly<Record<string, number>>;
}

type Shares = Pick<TrafficReading, 'canaryWeight' | 'stableWeight' | 'additionalWeights' | 'weightMax'>;

/**
 * What the weights amount to out of `weightMax`. Only their proportion counts, as in the data plane. Fails when there
 * are none, when they sum to 0, when places disagree, or when a share is no whole number of `weightMax`: then it is
 * not what we wrote, and rounding would hide that.
 */
export function sharesOf(splits: readonly SplitWeights[], weightMax: number): Result<Shares, string> {
  const [first, ...others] = splits;
  if (first === undefined) return fail('no place splits traffic between the stable and the canary side');
  const shares = scaled(first, weightMax);
  if (!shares.ok) return shares;
  for (const other of others) {
    const otherShares = scaled(other, weightMax);
    if (!otherShares.ok) return otherShares;
    if (!sameShares(shares.value, otherShares.value)) {
      return fail(`${first.subject} (${splitText(first)}) and ${other.subject} (${splitText(other)}) disagree`);
    }
  }
  return shares;
}

/** The shares of a reading that cannot be told. */
export function unknownShares(weightMax: number): Shares {
  return { canaryWeight: undefined, stableWeight: undefined, additionalWeights: {}, weightMax };
}

/** The reading of objects that cannot be made sense of. */
export function unreadable({ weightMax }: { readonly weightMax: number }, problem: string): TrafficReading {
  return { ...unknownShares(weightMax), managedRoutes: [], acceptance: 'unknown', problem };
}

function scaled(split: SplitWeights, weightMax: number): Result<Shares, string> {
  const additional = Object.entries(split.additional);
  const sum = split.canary + split.stable + additional.reduce((total, [, weight]) => total + weight, 0);
  if (sum === 0) return fail(`${split.subject}: all weights are 0`);
  const share = (weight: number): number => (weight * weightMax) / sum;
  const shares: Shares = {
    canaryWeight: share(split.canary),
    stableWeight: share(split.stable),
    additionalWeights: Object.fromEntries(additional.map(([service, weight]) => [service, share(weight)])),
    weightMax,
  };
  const all = [split.canary, split.stable, ...additional.map(([, weight]) => weight)];
  return all.every((weight) => Number.isInteger(share(weight)))
    ? succeed(shares)
    : fail(`${split.subject}: ${splitText(split)} is no whole share of ${weightMax}`);
}

function sameShares(left: Shares, right: Shares): boolean {
  const services = new Set([...Object.keys(left.additionalWeights), ...Object.keys(right.additionalWeights)]);
  return (
    left.canaryWeight === right.canaryWeight &&
    left.stableWeight === right.stableWeight &&
    [...services].every((service) => left.additionalWeights[service] === right.additionalWeights[service])
  );
}

function splitText({ canary, stable, additional }: SplitWeights): string {
  const others = Object.entries(additional).map(([service, weight]) => `, ${service} ${weight}`);
  return `canary ${canary}, stable ${stable}${others.join('')}`;
}
