import { fieldErrorMessage, notFound, notSupported, required, type FieldError } from '../api/field-error.ts';
import { templateFields } from '../api/field-path.ts';
import { templateIdentity, type TemplateIdentity } from '../api/hash-in-use.ts';
import { textMapOf } from '../api/json-access.ts';
import { apiVersionOf } from '../api/object.ts';
import type { RolloutSpec } from '../api/rollout.ts';
import { validateRollout, type RouterCapabilitiesByName } from '../api/validate-rollout.ts';
import { workloadType, workloadTypes } from '../api/workload.ts';
import { messageOf } from '../base/error.ts';
import type { SpecProblem } from '../engine/world.ts';
import type { Caches } from './caches.ts';
import type { ObservedWorkload } from './project-workload.ts';
import type { ObservedRollout } from './rollout-projector.ts';

/** What a Rollout takes over from its workload, for one version of both. */
interface TakenOver extends Pick<
  ObservedRollout,
  keyof TemplateIdentity | 'templateLabels' | 'templateFields' | 'problems'
> {
  readonly uid: string;
  readonly generation: number;
  readonly collisionCount: number | undefined;
}

/** Fills in what `spec.workloadRef` stands for. */
export type WorkloadResolver = (rollout: ObservedRollout, caches: Pick<Caches, 'workloads'>) => ObservedRollout;

/**
 * Makes the resolver. A Rollout that refers to a workload gets its template's hash and labels, its selector and its
 * generation; without the workload it is frozen where it is, with the reason. Hashing and checking are done once per
 * generation of either.
 */
export function workloadResolver(routers: RouterCapabilitiesByName): WorkloadResolver {
  // The specification stays the same object for as long as the Rollout keeps its generation.
  const known = new WeakMap<RolloutSpec, TakenOver>();
  return (rollout, caches) => {
    const found = findWorkload(rollout, caches);
    if (found === undefined) return rollout;
    if ('field' in found) return frozen(rollout, found);
    const { uid, generation } = found;
    const { collisionCount } = rollout.status;
    const before = known.get(rollout.spec);
    const isSame = before?.uid === uid && before.generation === generation && before.collisionCount === collisionCount;
    const taken = isSame ? before : takeOver(rollout, found, routers);
    known.set(rollout.spec, taken);
    return resolved(rollout, found, taken);
  };
}

function resolved(rollout: ObservedRollout, workload: ObservedWorkload, taken: TakenOver): ObservedRollout {
  const { name, generation, replicas, scaledDownFrom } = workload;
  return {
    ...rollout,
    spec: withSelector(rollout.spec, workload),
    templateHash: taken.templateHash,
    earlierTemplateHash: taken.earlierTemplateHash,
    templateDigest: taken.templateDigest,
    templateLabels: taken.templateLabels,
    ...(taken.templateFields === undefined ? {} : { templateFields: taken.templateFields }),
    problems: [...rollout.problems, ...taken.problems],
    workload: { name, generation, replicas, scaledDownFrom },
  };
}

/** Nothing looks as if it were another revision only because nobody knows the template. */
function frozen(rollout: ObservedRollout, error: FieldError): ObservedRollout {
  const { currentPodHash = '' } = rollout.status;
  return {
    ...rollout,
    templateHash: currentPodHash === '' ? rollout.templateHash : currentPodHash,
    problems: [...rollout.problems, problemOf(error)],
  };
}

/** The workload; what is wrong with the reference; undefined without one. */
function findWorkload(
  { namespace, spec }: ObservedRollout,
  caches: Pick<Caches, 'workloads'>,
): ObservedWorkload | FieldError | undefined {
  const { workloadRef } = spec;
  if (workloadRef === undefined) return undefined;
  const { apiVersion = '', kind = '', name = '' } = workloadRef;
  const type = workloadType(workloadRef);
  if (type === undefined) {
    const supported = workloadTypes.map((known) => `${apiVersionOf(known)} ${known.kind}`);
    return notSupported('spec.workloadRef', `${apiVersion} ${kind}`.trim(), supported);
  }
  if (name === '') return required('spec.workloadRef.name', `name the ${kind} that has the pod template`);
  const detail = `${type.plural}.${type.group} "${namespace}/${name}" not found`.replace('. ', ' ');
  return caches.workloads(type).get(namespace, name) ?? notFound('spec.workloadRef.name', name, detail);
}

function takeOver(
  { spec, status, problems: own }: ObservedRollout,
  workload: ObservedWorkload,
  routers: RouterCapabilitiesByName,
): TakenOver {
  const { uid, generation, template } = workload;
  const { collisionCount } = status;
  const taken = { uid, generation, collisionCount };
  try {
    const whole = { spec: { ...withSelector(spec, workload), template } };
    const errors = [
      ...(whole.spec.selector === undefined ? [noSelector] : []),
      ...validateRollout(whole, { routers, templateFromWorkload: true }),
    ].map(problemOf);
    return {
      ...taken,
      ...templateIdentity(template, collisionCount),
      templateLabels: textMapOf(template.metadata?.labels),
      templateFields: templateFields(spec.strategy, template),
      problems: errors.filter((error) => !own.some((known) => isSameProblem(known, error))),
    };
  } catch (error) {
    const problems = [{ field: 'spec.workloadRef', message: `its template cannot be read: ${messageOf(error)}` }];
    const templateHash = status.currentPodHash ?? '';
    const unknown = { templateHash, earlierTemplateHash: templateHash, templateDigest: '' };
    return { ...taken, ...unknown, templateLabels: {}, problems };
  }
}

/** A PodTemplate is the one kind that has none. */
const noSelector = required('spec.selector', 'the workload has none; give matchLabels that its pods have');

function withSelector(spec: RolloutSpec, { selector }: ObservedWorkload): RolloutSpec {
  return spec.selector !== undefined || selector === undefined ? spec : { ...spec, selector };
}

function problemOf(error: FieldError): SpecProblem {
  return { field: error.field, message: fieldErrorMessage(error) };
}

function isSameProblem(left: SpecProblem, right: SpecProblem): boolean {
  return left.field === right.field && left.message === right.message;
}
