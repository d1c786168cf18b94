import { resourceTypes } from '../api/resource-types.ts';
import type { ClusterPort } from '../cluster/port.ts';
import { readExperiment } from './read-experiment.ts';
import { reportExperimentDetail } from './view/experiment-detail.ts';
import type { FollowedKind } from './watch-one.ts';

/** What a watch of one Experiment tells, as `experiment`: its own object, its ReplicaSets, pods and AnalysisRuns. */
export function watchExperiment(cluster: ClusterPort): FollowedKind {
  return {
    event: 'experiment',
    async read(at, call) {
      const { objects, resourceVersion } = await readExperiment(cluster, at, call);
      return { data: reportExperimentDetail(objects), resourceVersion };
    },
    // Templates have labels of their own, so everything in the namespace is looked at.
    related: ({ name }) =>
      Promise.resolve([
        [resourceTypes.experiment, { fieldSelector: `metadata.name=${name}` }],
        [resourceTypes.replicaSet, {}],
        [resourceTypes.pod, {}],
        [resourceTypes.analysisRun, {}],
      ]),
    listen: () => () => undefined,
  };
}
