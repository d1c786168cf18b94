import { resourceTypes } from '../api/resource-types.ts';
import type { DecisionSource } from './decision-board.ts';
import { labelsOf, readRollout, selectorOf } from './read-rollout.ts';
import { reportRolloutDetail } from './view/rollout-detail.ts';
import type { FollowedKind, WatchOneTools } from './watch-one.ts';

/** What a watch of one Rollout is made with. */
export interface RolloutWatchTools extends WatchOneTools {
  readonly decisions: DecisionSource;
}

/**
 * What a watch of one Rollout tells, as `rollout`: its own object, its ReplicaSets, pods, AnalysisRuns and Experiments,
 * and what was decided.
 */
export function watchRollout({ cluster, clock, decisions }: RolloutWatchTools): FollowedKind {
  return {
    event: 'rollout',
    async read(at, call) {
      const { objects, resourceVersion } = await readRollout(cluster, at, call);
      return { data: reportRolloutDetail(objects, decisions.latest(at), clock.now()), resourceVersion };
    },
    async related({ namespace, name }, call) {
      const rollout = await cluster.get({ type: resourceTypes.rollout, namespace, name }, call);
      return [
        [resourceTypes.rollout, { fieldSelector: `metadata.name=${name}` }],
        [resourceTypes.replicaSet, selectorOf(rollout)],
        [resourceTypes.pod, selectorOf(rollout)],
        [resourceTypes.analysisRun, labelsOf(rollout)],
        [resourceTypes.experiment, {}],
      ];
    },
    listen(at, wake) {
      return decisions.subscribe(({ namespace, name }) => {
        if (namespace === at.namespace && name === at.name) wake();
      });
    },
  };
}
