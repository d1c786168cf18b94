import type { KubeObject } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { SluiceError } from '../../base/error.ts';
import { formatInstant } from '../../base/instant.ts';
import type { DeleteOptions, ObjectAddress } from '../port.ts';
import { deleteObject } from './delete-object.ts';
import { asRecord, isList, isRecord, jsonAt, jsonOf } from './json.ts';
import { notFound } from './resource-traits.ts';
import { budgetSelects } from './system/disruption-budget.ts';
import { finishUpdate } from './update-object.ts';
import type { WriteContext } from './write-context.ts';

const retryAfterMs = 10_000;

/**
 * Deletes a pod if its disruption budget has room, and takes that room. Source of the rules: the eviction subresource
 * of the API server (policy/v1).
 */
export function evictPod(context: WriteContext, at: ObjectAddress, options: DeleteOptions): void {
  const pod = context.store.find(resourceTypes.pod, at.namespace, at.name);
  if (pod === undefined) throw notFound(resourceTypes.pod, at.name);
  if (!isUncounted(pod)) takeRoom(context, pod, options.dryRun === true);
  deleteObject(context, { ...at, type: resourceTypes.pod }, options);
}

/** Pods that no budget counts on: not running yet, done, or on their way out already. */
function isUncounted(pod: KubeObject): boolean {
  const phase = jsonAt(pod, 'status', 'phase');
  return (
    pod.metadata.deletionTimestamp !== undefined || phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed'
  );
}

function takeRoom(context: WriteContext, pod: KubeObject, dryRun: boolean): void {
  const budgets = [...context.store.table(resourceTypes.podDisruptionBudget).objects.values()].filter((budget) =>
    budgetSelects(budget, pod),
  );
  const [budget, second] = budgets;
  if (budget === undefined) return;
  if (second !== undefined) {
    throw new SluiceError(
      'Internal',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  if (!isReady(pod) && isSpared(budget)) return;
  checkRoom(budget);
  const status = asRecord(jsonAt(budget, 'status')) ?? {};
  const disruptedPods = {
    ...asRecord(status['disruptedPods']),
    [pod.metadata.name]: formatInstant(context.clock.now()),
  };
  const disruptionsAllowed = numberAt(budget, 'disruptionsAllowed') - 1;
  const next = { ...jsonOf(budget), status: { ...status, disruptedPods, disruptionsAllowed } };
  const { traits } = context.store.table(resourceTypes.podDisruptionBudget);
  finishUpdate(context, traits, budget, next, { manager: 'kube-apiserver', subresource: 'status', dryRun });
}

/** An unready pod may go when the budget says so, or when enough others are healthy. */
function isSpared(budget: KubeObject): boolean {
  if (jsonAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const desired = numberAt(budget, 'desiredHealthy');
  return desired > 0 && numberAt(budget, 'currentHealthy') >= desired;
}

function checkRoom(budget: KubeObject): void {
  const { name, generation = 0 } = budget.metadata;
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  if (numberAt(budget, 'observedGeneration') < generation) {
    const reason = `The disruption budget ${name} is still being processed by the server.`;
    throw new SluiceError('TooManyRequests', `${message} ${reason}`, { retryAfterMs });
  }
  if (numberAt(budget, 'disruptionsAllowed') > 0) return;
  const reason =
    `The disruption budget ${name} needs ${numberAt(budget, 'desiredHealthy')} healthy pods ` +
    `and has ${numberAt(budget, 'currentHealthy')} currently`;
  throw new SluiceError('TooManyRequests', `${message} ${reason}`);
}

function numberAt(budget: KubeObject, field: string): number {
  const value = jsonAt(budget, 'status', field);
  return typeof value === 'number' ? value : 0;
}

function isReady(pod: KubeObject): boolean {
  const conditions = jsonAt(pod, 'status', 'conditions');
  if (!isList(conditions)) return false;
  return conditions.some((one) => isRecord(one) && one['type'] === 'Ready' && one['status'] === 'True');
}
