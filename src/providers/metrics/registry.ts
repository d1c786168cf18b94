import type { AnyMetricProvider } from './contract.ts';
import { judge } from './judge.ts';

/** Every metric provider by its name in a manifest. */
export const metricProviders = {
  'sluice.dev/judge': judge,
} as const satisfies Record<string, AnyMetricProvider>;
