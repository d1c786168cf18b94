import { apiVersionOf } from '../api/object.ts';
import { earlierPodTemplateHash, podTemplateHash } from '../api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout } from '../api/rollout.ts';
import { workloadSelector, workloadTemplate } from '../api/workload.ts';
import { SluiceError } from '../base/error.ts';
import { workloadGenerationAnnotation } from '../engine/revision.ts';
import type { PerformContext } from './perform-context.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/** A whole Rollout, with the template in force. */
export interface WholeRollout {
  readonly rollout: Rollout;
  readonly template: PodTemplateSpec;
}

/**
 * Reads the Rollout whole, with the pod template in force: its own or that of its workload. Rejects with Conflict when
 * that is no longer the template that was decided about.
 */
export async function readTemplate(context: PerformContext, signal: AbortSignal): Promise<WholeRollout> {
  const { cluster, namespace, name, uid, templateHash } = context;
  const known = wholeOf(context.rollout);
  if (known !== undefined) return known;
  const object = await cluster.get({ type: resourceTypes.rollout, namespace, name }, { signal });
  const rollout = object as unknown as Rollout;
  const whole = await withWorkload(rollout, context, signal);
  const hashes = [podTemplateHash, earlierPodTemplateHash].map((hashOf) =>
    hashOf(whole.template, rollout.status?.collisionCount),
  );
  if (rollout.metadata.uid !== uid || !hashes.includes(templateHash)) {
    throw new SluiceError('Conflict', `the pod template of ${name} changed while its ReplicaSet was made`);
  }
  return whole;
}

async function withWorkload(rollout: Rollout, context: PerformContext, signal: AbortSignal): Promise<WholeRollout> {
  const { cluster, workload: at } = context;
  if (at === undefined) return { rollout, template: rollout.spec.template ?? {} };
  const workload = await cluster.get(at, { signal });
  const { metadata, spec } = rollout;
  const selector = spec.selector ?? workloadSelector(workload);
  const generation = String(workload.metadata.generation ?? 0);
  return {
    rollout: {
      ...rollout,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [workloadGenerationAnnotation]: generation } },
      spec: { ...spec, ...(selector === undefined ? {} : { selector }) },
    },
    template: workloadTemplate(workload),
  };
}

/** The Rollout as it was decided about, without reading it again; undefined when its template is not at hand. */
function wholeOf({ name, namespace, uid, annotations, spec, newTemplate }: ObservedRollout): WholeRollout | undefined {
  if (newTemplate === undefined) return undefined;
  const template = JSON.parse(newTemplate) as PodTemplateSpec;
  const { rollout: type } = resourceTypes;
  const metadata = { name, namespace, uid, annotations };
  return { rollout: { apiVersion: apiVersionOf(type), kind: type.kind, metadata, spec }, template };
}
