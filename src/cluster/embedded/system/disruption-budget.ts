import type { KubeObject } from '../../../api/object.ts';
import { selectorFromObject, selectorMatches } from '../../../api/selector.ts';
import { isRecord, jsonAt } from '../json.ts';

/** True when a PodDisruptionBudget is about a pod. An empty selector is about every pod, an absent one about none. */
export function budgetSelects(budget: KubeObject, pod: KubeObject): boolean {
  if (budget.metadata.namespace !== pod.metadata.namespace) return false;
  const selector = jsonAt(budget, 'spec', 'selector');
  if (!isRecord(selector)) return false;
  const parsed = selectorFromObject(selector);
  return parsed.ok && selectorMatches(parsed.value, pod.metadata.labels);
}
