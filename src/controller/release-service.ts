import type { KubeObject } from '../api/object.ts';
import { hashLabel } from '../api/pod-template-hash.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Clock } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { Caches } from './caches.ts';
import type { Journal } from './journal.ts';
import { namedServices } from './observe.ts';
import { fieldManager } from './perform-context.ts';
import { managedByAnnotation, projectRollout, type ObservedService } from './project.ts';

/** What a Service is given back with. */
export interface ReleaseTools {
  readonly cluster: ClusterPort;
  readonly caches: Caches;
  readonly journal: Journal;
  readonly clock: Clock;
}

/**
 * Gives a Service back when the Rollouts that manage it are gone or no longer name it: the note about them goes, and
 * with the last of them the pod-template hash in the selector, which nobody would ever change again. Whether a Rollout
 * is gone is asked of the cluster, because the caches may be about a part of it only. A Service without a hash is left
 * as it is: nothing was done to it that would have to be undone.
 */
export async function releaseService(
  namespace: string,
  name: string,
  tools: ReleaseTools,
  signal: AbortSignal,
): Promise<void> {
  const service = tools.caches.services.get(namespace, name);
  if (service === undefined || service.managedBy.length === 0 || service.hash === '') return;
  const staying: string[] = [];
  for (const rollout of service.managedBy) {
    if (await names(rollout, namespace, name, tools, signal)) staying.push(rollout);
  }
  if (staying.length === service.managedBy.length) return;
  await record(`${tools.cluster.name}/${namespace}/${service.managedBy.join(',')}`, name, tools, () =>
    patchService(service, namespace, staying, tools, signal),
  );
}

/** True while the Rollout exists and names the Service. */
async function names(
  rollout: string,
  namespace: string,
  service: string,
  { cluster, caches }: ReleaseTools,
  signal: AbortSignal,
): Promise<boolean> {
  const known = caches.rollouts.get(namespace, rollout);
  if (known !== undefined) return namedServices(known).includes(service);
  const found = await cluster.get({ type: resourceTypes.rollout, namespace, name: rollout }, { signal }).catch(absent);
  return found !== undefined && namedServices(projectRollout(found)).includes(service);
}

function absent(error: unknown): KubeObject | undefined {
  if (hasCode(error, 'NotFound')) return undefined;
  throw error;
}

async function patchService(
  service: ObservedService,
  namespace: string,
  staying: readonly string[],
  { cluster, caches }: ReleaseTools,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isFree = staying.length === 0;
  const body = {
    metadata: {
      resourceVersion: service.resourceVersion,
      annotations: { [managedByAnnotation]: isFree ? null : staying.join(',') },
    },
    ...(isFree ? { spec: { selector: { [hashLabel]: null } } } : {}),
  };
  const at = { type: resourceTypes.service, namespace, name: service.name };
  const answer = await cluster.patch(at, { kind: 'merge', body }, { fieldManager }, { signal });
  caches.services.remember(answer);
  return answer.metadata.resourceVersion;
}

/** The record around the change, as around every other. */
async function record(
  subject: string,
  service: string,
  { journal, clock }: ReleaseTools,
  change: () => Promise<string | undefined>,
): Promise<void> {
  const sequence = await journal.begin({
    subject,
    revision: 0,
    actor: { kind: 'engine', name: 'sluice' },
    action: 'releaseService',
    text: `Service ${service} is given back`,
    reason: 'the Rollout is gone or names another Service',
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
