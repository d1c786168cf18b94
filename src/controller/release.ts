import type { KubeObject, ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Clock } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { RolloutView } from '../engine/world.ts';
import type { Caches } from './caches.ts';
import type { Journal } from './journal.ts';
import { projectRollout } from './project.ts';

/** What an object is given back with. */
export interface ReleaseTools {
  readonly cluster: ClusterPort;
  readonly caches: Caches;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** A namespace and a name in it. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** A kind of object that Rollouts change and note themselves in. */
export interface Releasable {
  readonly type: ResourceType;
  /** The objects of the kind that a Rollout names. */
  named(rollout: RolloutView): readonly ObjectName[];
  /** Names of the Rollouts that are noted in the object; none where nothing has to be undone. */
  managers(at: ObjectName, caches: Caches): readonly string[];
  /** Leaves these Rollouts noted; the last one takes with it what nobody would change any more. */
  write(
    at: ObjectName,
    staying: readonly string[],
    tools: ReleaseTools,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

/**
 * Gives an object back when Rollouts that are noted in it are gone or no longer name it. Whether a Rollout is gone is
 * asked of the cluster, because the caches may be about a part of it only.
 */
export async function release(
  releasable: Releasable,
  at: ObjectName,
  tools: ReleaseTools,
  signal: AbortSignal,
): Promise<void> {
  const managers = releasable.managers(at, tools.caches);
  const staying: string[] = [];
  for (const rollout of managers) {
    const view = await findRollout(at.namespace, rollout, tools, signal);
    if (view !== undefined && names(releasable, view, at)) staying.push(rollout);
  }
  if (staying.length === managers.length) return;
  const subject = `${tools.cluster.name}/${at.namespace}/${managers.join(',')}`;
  await record(subject, `${releasable.type.kind} ${at.name}`, tools, () =>
    releasable.write(at, staying, tools, signal),
  );
}

/** Whether a Rollout names the object. */
export function names(releasable: Releasable, rollout: RolloutView, { namespace, name }: ObjectName): boolean {
  return releasable.named(rollout).some((named) => named.namespace === namespace && named.name === name);
}

async function findRollout(
  namespace: string,
  name: string,
  { cluster, caches }: ReleaseTools,
  signal: AbortSignal,
): Promise<RolloutView | undefined> {
  const known = caches.rollouts.get(namespace, name);
  if (known !== undefined) return known;
  const found = await cluster.get({ type: resourceTypes.rollout, namespace, name }, { signal }).catch(absent);
  return found === undefined ? undefined : projectRollout(found);
}

function absent(error: unknown): KubeObject | undefined {
  if (hasCode(error, 'NotFound')) return undefined;
  throw error;
}

/** The record around the change, as around every other. */
async function record(
  subject: string,
  object: string,
  { journal, clock }: ReleaseTools,
  change: () => Promise<string | undefined>,
): Promise<void> {
  const sequence = await journal.begin({
    subject,
    revision: 0,
    actor: { kind: 'engine', name: 'sluice' },
    action: 'release',
    text: `${object} is given back`,
    reason: 'the Rollout is gone or names another one',
    at: clock.now(),
  });
  try {
    const resourceVersion = await change();
    await journal.end(sequence, { kind: 'done', ...(resourceVersion === undefined ? {} : { resourceVersion }) });
  } catch (error) {
    const code = error instanceof SluiceError ? error.code : 'Internal';
    await journal.end(sequence, { kind: 'failed', code, message: messageOf(error) });
    throw error;
  }
}
