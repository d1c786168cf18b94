import { SluiceError } from '../base/error.ts';

/** The part of a cluster that a controller looks after. */
export interface Scope {
  /** Only these namespaces, with no more rights than in them; the whole cluster when empty. */
  readonly namespaces: readonly string[];
  /**
   * Which Rollouts are ours when several controllers share a namespace: those whose label
   * `argo-rollouts.argoproj.io/controller-instance-id` is this; those without the label when empty. Any when absent.
   */
  readonly instanceId?: string;
}

/** The label that assigns a Rollout and what belongs to it to one of several controllers. */
export const instanceIdLabel = 'argo-rollouts.argoproj.io/controller-instance-id';

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const labelValuePattern = /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;

/** The label selector of an instance's own objects; undefined when all are its own. Throws Usage. */
export function instanceSelector({ instanceId }: Scope): string | undefined {
  if (instanceId === undefined) return undefined;
  if (instanceId === '') return `!${instanceIdLabel}`;
  if (!labelValuePattern.test(instanceId)) {
    throw new SluiceError('Usage', `instance id: "${instanceId}" is no label value, like "blue" (at most 63 letters)`);
  }
  return `${instanceIdLabel}=${instanceId}`;
}

/** The namespaces, each once. Throws Usage when one can be no namespace. */
export function scopeNamespaces(names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !namePattern.test(name));
  if (wrong !== undefined) throw new SluiceError('Usage', `namespace: "${wrong}" is no name of a namespace`);
  return [...new Set(names)];
}
