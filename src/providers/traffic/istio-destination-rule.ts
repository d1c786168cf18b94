import { listOf, optionalRecord, recordOf, textMapOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import type { TrafficDestination } from '../../api/traffic.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { RouterProblem, RouterRelease, RouterSubject } from './contract.ts';
import type { IstioSides } from './istio-destination.ts';
import { objectChange, withAnnotations } from './object-change.ts';
import type { PlanShares } from './plan-shares.ts';
import { routerTypes } from './router-types.ts';

type Rule = NonNullable<IstioSides['rule']>;

/** A DestinationRule as the router looks at it. */
export interface DestinationRuleView {
  readonly object: KubeObject;
  readonly host: string;
  readonly subsets: readonly JsonRecord[];
  /** Pod-template hash in the labels of each side's subset; empty when there is none. */
  readonly hashes: { readonly canary: string; readonly stable: string };
}

const managedByAnnotation = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** Finds the subsets of both sides. Fails when the object is missing or one of them is. */
export function destinationRuleView(
  rule: Rule,
  { namespace }: RouterSubject,
  objects: readonly KubeObject[],
): Result<DestinationRuleView, RouterProblem> {
  const object = objects.find(
    ({ kind, metadata }) =>
      kind === 'DestinationRule' && metadata.name === rule.name && metadata.namespace === namespace,
  );
  const subject = `DestinationRule ${namespace}/${rule.name}`;
  if (object === undefined) return fail({ subject, message: 'it does not exist' });
  const spec = recordOf(object['spec']);
  const items = listOf(spec['subsets']).map(optionalRecord);
  const subsets = items.filter((subset) => subset !== undefined);
  const find = (name: string): JsonRecord | undefined => subsets.find((subset) => subset['name'] === name);
  const [canary, stable] = [find(rule.canarySubsetName), find(rule.stableSubsetName)];
  if (subsets.length < items.length) return fail({ subject: `${subject} spec.subsets`, message: 'one is no subset' });
  if (canary === undefined || stable === undefined) {
    const name = canary === undefined ? rule.canarySubsetName : rule.stableSubsetName;
    return fail({ subject: `${subject} spec.subsets`, message: `it has no subset "${name}"` });
  }
  const hashes = { canary: hashOf(canary), stable: hashOf(stable) };
  return succeed({ object, host: textOf(spec['host']), subsets, hashes });
}

/**
 * The object with the plan's hashes in the labels of its subsets, and a subset for every experiment whose hash is
 * known. Subsets of the user are kept. A subset is one of an earlier experiment when nothing but a hash is in it and
 * nobody but this Rollout manages the object.
 */
export function withHashes(
  { object, subsets }: DestinationRuleView,
  rule: Rule,
  { name }: RouterSubject,
  { canary, stable, additional }: PlanShares,
): KubeObject {
  const experiments = additional.filter(({ hash }) => hash !== '');
  const wanted = new Map<string, TrafficDestination>([
    ...experiments.map((destination) => [destination.service, destination] as const),
    [rule.stableSubsetName, stable],
    [rule.canarySubsetName, canary],
  ]);
  const managers = managersOf(object);
  const isLeftOver = (subset: JsonRecord): boolean =>
    managers.length === 1 && managers[0] === name && isOnlyHash(subset) && !isUsers(subset, rule);
  const kept = subsets.flatMap((subset) => {
    const destination = wanted.get(textOf(subset['name']));
    if (destination === undefined) return isLeftOver(subset) ? [] : [subset];
    wanted.delete(textOf(subset['name']));
    return [withHash(subset, destination.hash)];
  });
  const added = experiments
    .filter(({ service }) => wanted.has(service))
    .map(({ service, hash }) => ({ name: service, labels: { [hashLabel]: hash } }));
  const after = { ...object, spec: { ...recordOf(object['spec']), subsets: [...kept, ...added] } };
  if (canary.hash === '' && stable.hash === '') return after;
  return managers.includes(name)
    ? after
    : withAnnotations(after, { [managedByAnnotation]: [...managers, name].join() });
}

/**
 * A hash in a subset leads to one revision for ever once no Rollout turns the subset any more: it goes with the last
 * Rollout that is noted. A subset of the user selects every revision then.
 */
export const destinationRuleRelease: RouterRelease = {
  type: routerTypes.destinationRule,
  managers: managersOf,
  write(object, staying) {
    const isFree = staying.length === 0;
    const noted = withAnnotations(object, { [managedByAnnotation]: isFree ? undefined : staying.join() });
    const spec = recordOf(object['spec']);
    const subsets = listOf(spec['subsets']).map((subset) => withHash(recordOf(subset), ''));
    const after = isFree && subsets.length > 0 ? { ...noted, spec: { ...spec, subsets } } : noted;
    return objectChange(routerTypes.destinationRule, object, after);
  },
};

function managersOf({ metadata }: KubeObject): readonly string[] {
  return (metadata.annotations?.[managedByAnnotation] ?? '').split(',').flatMap((entry) => entry.trim() || []);
}

function hashOf(subset: JsonRecord): string {
  return textMapOf(subset['labels'])[hashLabel] ?? '';
}

function withHash(subset: JsonRecord, hash: string): JsonRecord {
  if (hashOf(subset) === hash) return subset;
  const { [hashLabel]: _before, ...labels } = recordOf(subset['labels']);
  return { ...subset, labels: hash === '' ? labels : { ...labels, [hashLabel]: hash } };
}

function isOnlyHash(subset: JsonRecord): boolean {
  const labels = Object.keys(recordOf(subset['labels']));
  const fields = Object.keys(subset).filter((field) => field !== 'name' && field !== 'labels');
  return fields.length === 0 && labels.length === 1 && labels[0] === hashLabel;
}

function isUsers(subset: JsonRecord, { additionalSubsetNames = [] }: Rule): boolean {
  return additionalSubsetNames.includes(textOf(subset['name']));
}
