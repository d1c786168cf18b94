import type { KubeObject } from '../../api/object.ts';
import type { TrafficDestination } from '../../api/traffic.ts';
import { withAnnotations, withLabels } from './object-change.ts';

/**
 * What Rollouts note on a route that nothing else on it tells. Several Rollouts may share a route, so every note names
 * the Rollout that it is about.
 */

/** A label, by key and value. */
export interface RouteLabel {
  readonly key: string;
  readonly value: string;
}

/** Lists the Services added to a route for experiments, as `rollout/service,…`. */
const additionalServicesAnnotation = 'sluice.dev/additional-services';

/** Lists the Rollouts with a canary in progress on a route. */
const inProgressAnnotation = 'sluice.dev/in-progress';

/** The Services that a Rollout added to a route for experiments. */
export function additionalServicesOf(route: KubeObject, rollout: string): readonly string[] {
  return servicePairs(route)
    .filter(([name]) => name === rollout)
    .map(([, service]) => service);
}

/** Notes the Services that a Rollout adds: nothing else tells them from backends of the user. */
export function withAdditionalServices(
  route: KubeObject,
  rollout: string,
  additional: readonly TrafficDestination[],
): KubeObject {
  const others = servicePairs(route).filter(([name]) => name !== rollout);
  const pairs = [...others, ...additional.map(({ service }) => [rollout, service] as const)];
  return withList(
    route,
    additionalServicesAnnotation,
    pairs.map(([name, service]) => `${name}/${service}`),
  );
}

/** Whether a route is marked for the canary of a Rollout. A label that nobody signed may be that of any of them. */
export function isInProgress(route: KubeObject, rollout: string, { key }: RouteLabel): boolean {
  const rollouts = listIn(route, inProgressAnnotation);
  const hasLabel = Object.hasOwn(route.metadata.labels ?? {}, key);
  return hasLabel && (rollouts.length === 0 || rollouts.includes(rollout));
}

/** Marks a route for the canary of a Rollout, or takes the mark away when no other Rollout needs it. */
export function withInProgress(route: KubeObject, rollout: string, label: RouteLabel, inProgress: boolean): KubeObject {
  const others = listIn(route, inProgressAnnotation).filter((name) => name !== rollout);
  const rollouts = inProgress ? [...others, rollout] : others;
  const labelled = withLabels(route, { [label.key]: rollouts.length === 0 ? undefined : label.value });
  return withList(labelled, inProgressAnnotation, rollouts);
}

function servicePairs(route: KubeObject): readonly (readonly [rollout: string, service: string])[] {
  return listIn(route, additionalServicesAnnotation).flatMap((entry) => {
    const [rollout = '', service = ''] = entry.split('/');
    return rollout === '' || service === '' ? [] : [[rollout, service] as const];
  });
}

function listIn({ metadata }: KubeObject, annotation: string): readonly string[] {
  return (metadata.annotations?.[annotation] ?? '').split(',').flatMap((entry) => entry.trim() || []);
}

/** Sorted, so that it does not matter who wrote first; without entries the annotation goes. */
function withList(route: KubeObject, annotation: string, entries: readonly string[]): KubeObject {
  const text = [...new Set(entries)].toSorted().join(',');
  return withAnnotations(route, { [annotation]: text === '' ? undefined : text });
}
