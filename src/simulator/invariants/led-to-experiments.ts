import { numberOf, recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { weightChange } from './written-by.ts';

/** Annotation of what an Experiment has made with the template that it belongs to. */
const templateAnnotation = 'experiment.argoproj.io/template-name';

/** I04, for Experiments: nobody is led to a template without pods, and pods stay for as long as somebody is. */
export function ledToExperiments(): Invariant {
  return {
    id: 'I04',
    rule: 'a Service of an Experiment gets a share only with available pods, and keeps its pods until it has none',
    onCommit(commit, picture) {
      const change = weightChange(commit, picture);
      for (const [service, weight] of change?.after.additional ?? []) {
        if (weight <= (change?.before.additional.get(service) ?? 0)) continue;
        const set = setBehind(service, picture);
        if ((numberOf(recordOf(set?.['status'])['availableReplicas']) ?? 0) > 0) continue;
        return `${service} is given ${weight}, and none of its pods is available`;
      }
      return undefined;
    },
    onTime(picture) {
      for (const { additional } of picture.weightsOfProxies) {
        for (const [service, weight] of additional) {
          const set = setBehind(service, picture);
          if (weight === 0 || (numberOf(recordOf(set?.['spec'])['replicas']) ?? 0) > 0) continue;
          return `proxies give ${service} ${weight}, and its pods were taken away`;
        }
      }
      return undefined;
    },
  };
}

/** The ReplicaSet of the template that the Service of an Experiment belongs to. */
function setBehind(service: string, { scene, uid }: RolloutPicture): KubeObject | undefined {
  const { ledger } = scene;
  for (const { metadata } of ledger.ownedBy('Experiment', uid)) {
    const owned = (kind: string): readonly KubeObject[] => [...ledger.ownedBy(kind, metadata.uid ?? '')];
    const found = owned('Service').find((one) => one.metadata.name === service);
    if (found === undefined) continue;
    return owned('ReplicaSet').find((set) => templateOf(set) === templateOf(found));
  }
  return undefined;
}

function templateOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[templateAnnotation];
}
