import type { KubeObject } from '../../../src/api/object.ts';
import { readPath } from './life-path.ts';

/** When an action is done. */
export interface LifeCondition {
  readonly text: string;
  readonly check?: readonly (readonly [object: string, path: string, operator: string, value?: unknown])[];
  /** Seconds without any change. */
  readonly quiet?: number;
  /** Seconds for which the checks hold. */
  readonly after?: number;
}

type Objects = ReadonlyMap<string, KubeObject>;

/** Whether every check of a condition holds on a set of objects. */
export function isConditionMet({ check = [] }: LifeCondition, objects: Objects): boolean {
  return check.every(([name, path, operator, value]) => {
    const found = findObjects(name, objects);
    if (path === 'count') return compare(found.length, operator, value);
    const holds = (object: KubeObject): boolean =>
      isObserved(object, path) && compare(readPath(object, path), operator, value);
    // One of several is enough: recordings end while ReplicaSets of an Experiment with the same image still have pods.
    return found.some(holds);
  });
}

/** Objects by `Kind/name`, `Kind/*`, `Kind/@image` or `Kind/~text`. */
export function findObjects(name: string, objects: Objects): readonly KubeObject[] {
  const [kind = '', which = ''] = name.split('/');
  const all = [...objects.values()].filter((object) => object.kind === kind);
  if (which === '*') return all;
  if (which.startsWith('@')) return all.filter((object) => imageOf(object) === which.slice(1));
  if (which.startsWith('~')) return all.filter(({ metadata }) => metadata.name.includes(which.slice(1)));
  return all.filter(({ metadata }) => metadata.name === which);
}

function imageOf(object: KubeObject): unknown {
  return readPath(object, 'spec.template.spec.containers[0].image') ?? readPath(object, 'spec.containers[0].image');
}

/** A check on the status of a Rollout only counts once its specification was observed. */
function isObserved(object: KubeObject, path: string): boolean {
  if (object.kind !== 'Rollout' || !path.startsWith('status')) return true;
  return readPath(object, 'status.observedGeneration') === String(object.metadata.generation);
}

function compare(actual: unknown, operator: string, wanted: unknown): boolean {
  switch (operator) {
    case '==':
      return wanted === 0 ? (actual ?? 0) === 0 : actual === wanted;
    case '!=':
      return actual !== wanted;
    case '>=':
      return Number(actual ?? 0) >= Number(wanted);
    case '<=':
      return Number(actual ?? 0) <= Number(wanted);
    case 'exists':
      return actual !== undefined;
    case 'absent':
      return actual === undefined;
    default:
      throw new Error(`the operator ${operator} is not known`);
  }
}
