import { fieldErrorMessage } from '../api/field-error.ts';
import { templateFields } from '../api/field-path.ts';
import { hashInUse, type TemplateIdentity } from '../api/hash-in-use.ts';
import type { KubeObject } from '../api/object.ts';
import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import { soundStatus } from '../api/sound-status.ts';
import { validateRollout, type RouterCapabilitiesByName } from '../api/validate-rollout.ts';
import { messageOf } from '../base/error.ts';
import type { RolloutView, SpecProblem } from '../engine/world.ts';
import type { Caches } from './caches.ts';
import { ownAnnotations, projectRollout } from './project.ts';

/** A Rollout with what is wrong with it by itself. */
export interface ObservedRollout extends RolloutView, TemplateIdentity {
  readonly problems: readonly SpecProblem[];
  /** Labels of its pod template, which selectors are checked against. */
  readonly templateLabels: Readonly<Record<string, string>>;
  /**
   * The pod template as JSON while the status does not name its hash: what its ReplicaSet is made from. Absent for one
   * that is large or that belongs to a workload.
   */
  readonly newTemplate?: string;
  /** The status as it is stored, when `status` leaves out what has a type that the API does not know. */
  readonly storedStatus?: Readonly<Record<string, unknown>>;
}

/** Longer templates are read again when they are needed: thousands may change at once. */
const newTemplateLengthMax = 16_384;

/** What is the same for all versions of one specification. */
interface SpecPart {
  readonly generation: number;
  readonly collisionCount: number | undefined;
  readonly view: ObservedRollout;
}

/** Makes projections of Rollouts, and remembers what is the same for all versions of a specification. */
export interface RolloutProjector {
  project(object: KubeObject): ObservedRollout;
  /** Forgets a Rollout that is gone. */
  forget(uid: string): void;
}

/**
 * Makes the projector. Hashing and checking are done once per generation: most news about a Rollout are changes of its
 * status. An object that cannot be read becomes a Rollout with a problem, so that it stops nobody else.
 */
export function rolloutProjector(routers: RouterCapabilitiesByName): RolloutProjector {
  const parts = new Map<string, SpecPart>();
  return {
    project(object) {
      const { uid = '', generation = 0 } = object.metadata;
      const { status, storedStatus } = soundStatus(object['status']);
      const { collisionCount } = status;
      const part = parts.get(uid);
      const isKnown = part?.generation === generation && part.collisionCount === collisionCount;
      const whole = isKnown ? withStatus(part.view, object, status) : readWhole(object, routers);
      const view = storedStatus === undefined ? whole : { ...whole, storedStatus };
      // What changes without a new generation is not kept twice.
      if (!isKnown) parts.set(uid, { generation, collisionCount, view: { ...whole, status: {}, annotations: {} } });
      return withNewTemplate(view, object);
    },
    forget: (uid) => void parts.delete(uid),
  };
}

function withNewTemplate(view: ObservedRollout, object: KubeObject): ObservedRollout {
  const { spec: { template, workloadRef } = {} } = object as unknown as Partial<Rollout>;
  const isKnown = [view.templateHash, view.earlierTemplateHash].includes(view.status.currentPodHash ?? '');
  if (isKnown || template === undefined || workloadRef !== undefined) return view;
  const newTemplate = JSON.stringify(template);
  return newTemplate.length > newTemplateLengthMax ? view : { ...view, newTemplate };
}

/** The Rollout with the hash that its template's revision has, by the ReplicaSets that there are. */
export function withHashInUse(rollout: ObservedRollout, { replicaSets }: Pick<Caches, 'replicaSets'>): ObservedRollout {
  return { ...rollout, templateHash: hashInUse(rollout, rollout.status, replicaSets.ownedBy(rollout.uid)) };
}

function withStatus(view: ObservedRollout, object: KubeObject, status: RolloutStatus): ObservedRollout {
  const { metadata } = object;
  return {
    ...view,
    resourceVersion: metadata.resourceVersion ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations: ownAnnotations(metadata),
    status,
  };
}

function readWhole(object: KubeObject, routers: RouterCapabilitiesByName): ObservedRollout {
  const { spec = {} } = object as unknown as Partial<Rollout>;
  try {
    const problems = validateRollout({ spec }, { routers }).map((error): SpecProblem => ({
      field: error.field,
      message: fieldErrorMessage(error),
    }));
    const templateLabels = spec.template?.metadata?.labels ?? {};
    return { ...projectRollout(object), ...fieldsOf(spec), problems, templateLabels };
  } catch (error) {
    const problems = [{ field: 'spec', message: `cannot be read: ${messageOf(error)}` }];
    return { ...projectRollout({ ...object, spec: {} }), problems, templateLabels: {} };
  }
}

/** Most Rollouts have none, and need nothing to say so. */
function fieldsOf({ strategy, template }: Rollout['spec']): Pick<ObservedRollout, 'templateFields'> {
  const fields = templateFields(strategy, template);
  return Object.keys(fields).length === 0 ? {} : { templateFields: fields };
}
