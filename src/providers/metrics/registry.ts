import type { AnyMetricProvider } from './contract.ts';
import { judge } from './judge.ts';
import { web } from './web.ts';

/** Every metric provider by its name in a manifest. */
export const metricProviders = {
  'sluice.dev/judge': judge,
  web,
} as const satisfies Record<string, AnyMetricProvider>;
