import type { ClusterPort, ObjectAddress } from '../cluster/port.ts';
import type { Notice } from '../engine/decision.ts';
import type { Caches } from './caches.ts';
import type { ObservedRollout } from './rollout-projector.ts';
import type { ConfiguredRouter } from './routers.ts';
import type { StepPluginCalls } from './step-plugins/step-plugin-calls.ts';

/** Who writes, as field ownership records it. */
export const fieldManager = 'sluice';

/** What the effects of one Rollout are done with. */
export interface PerformContext {
  readonly cluster: ClusterPort;
  readonly caches: Caches;
  readonly routers: readonly ConfiguredRouter[];
  readonly stepPlugins: StepPluginCalls;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly apiVersion: string;
  readonly templateHash: string;
  /** As it was decided about. */
  readonly rollout: ObservedRollout;
  /** Where the pod template comes from, when it is not the Rollout's own. */
  readonly workload: ObjectAddress | undefined;
  /** Version that the next write to the Rollout must find there. Moves with our own writes. */
  resourceVersion: string;
  /** True while calls of `cluster` go before those of others. */
  isUrgent: boolean;
  /** What routers tell about the changes that were made; they are emitted with the events of the pass. */
  readonly notices: Notice[];
}
