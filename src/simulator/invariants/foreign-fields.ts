import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import { equalJson } from '../../api/merge-diff.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { isManagedRule } from './route-weights.ts';

/**
 * I19: what is not ours in routes and Services stays as it is. Services that Experiments have made are ours, also those
 * of a Rollout before this one with the same name: they are gone with it, and their backends are taken out afterwards.
 */
export function foreignFields(): Invariant {
  const ofExperiments = new Set<string>();
  return {
    id: 'I19',
    rule: 'fields of routes and Services that are not managed are preserved exactly',
    onCommit({ kind, writer, type, previous, object, name }, picture) {
      if (kind === 'HTTPRoute') for (const service of picture.experimentServices) ofExperiments.add(service);
      if (writer !== 'sluice' || type !== 'MODIFIED' || previous === undefined) return undefined;
      if (kind !== 'HTTPRoute' && kind !== 'Service') return undefined;
      const [before, after] = [previous, object].map((version) =>
        kind === 'Service' ? foreignService(version) : foreignRoute(version, picture, ofExperiments),
      );
      return equalJson(before, after) ? undefined : `${kind} ${name} is changed in what is not the controller's`;
    },
  };
}

const labelKey = 'rollouts.argoproj.io/gatewayapi-canary';
const managedByKey = 'argo-rollouts.argoproj.io/managed-by-rollouts';
/** Annotations of the controller's own. */
const ownPrefix = 'sluice.dev/';

function foreignRoute(route: KubeObject, picture: RolloutPicture, ofExperiments: ReadonlySet<string>): unknown {
  const spec = recordOf(route['spec']);
  const rules = listOf(spec['rules'])
    .map(recordOf)
    .filter((rule) => !isManagedRule(rule))
    .map((rule) => ({ ...rule, backendRefs: backendsWithoutShares(rule, picture, ofExperiments) }));
  return {
    ...contentOf(
      route,
      (name) => name === labelKey,
      (name) => name.startsWith(ownPrefix),
    ),
    spec: { ...spec, rules },
  };
}

function backendsWithoutShares(
  rule: JsonRecord,
  { canaryService, stableService }: RolloutPicture,
  ofExperiments: ReadonlySet<string>,
): readonly unknown[] {
  const all = listOf(rule['backendRefs']).map(recordOf);
  const backends = all.filter(({ name }) => !ofExperiments.has(textOf(name)));
  const names = new Set(backends.map(({ name }) => textOf(name)));
  if (!names.has(canaryService) || !names.has(stableService)) return backends;
  return backends.map(({ weight, ...backend }) =>
    backend['name'] === canaryService || backend['name'] === stableService ? backend : { ...backend, weight },
  );
}

function foreignService(service: KubeObject): unknown {
  const spec = recordOf(service['spec']);
  const { [hashLabel]: _hash, ...selector } = recordOf(spec['selector']);
  return {
    ...contentOf(
      service,
      () => false,
      (name) => name === managedByKey || name.startsWith(ownPrefix),
    ),
    spec: { ...spec, selector },
  };
}

function contentOf(
  object: KubeObject,
  isOwnLabel: (name: string) => boolean,
  isOwnAnnotation: (name: string) => boolean,
): object {
  const { metadata, ...content } = object;
  const { resourceVersion: _version, generation: _generation, managedFields: _fields, ...kept } = metadata;
  const without = (entries: Readonly<Record<string, string>> = {}, isOwn: (name: string) => boolean): object =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => !isOwn(name)));
  const labels = without(metadata.labels, isOwnLabel);
  const annotations = without(metadata.annotations, isOwnAnnotation);
  return { ...content, metadata: { ...kept, labels, annotations } };
}
