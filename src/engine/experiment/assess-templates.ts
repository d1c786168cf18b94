import type { ExperimentTemplatePhase, ExperimentTemplateStatus } from '../../api/experiment.ts';
import { formatInstant, parseInstant } from '../../base/instant.ts';
import { compact } from '../compact.ts';
import type { ExperimentSituation, TemplatePlace } from './experiment-situation.ts';
import type { ExperimentWorld } from './experiment-world.ts';

/** How each template stands, from what was observed of its ReplicaSet and its Service. */
export function assessTemplates({ templates, world }: ExperimentSituation): readonly ExperimentTemplateStatus[] {
  return templates.map((place) => assessTemplate(place, world));
}

function assessTemplate(place: TemplatePlace, world: ExperimentWorld): ExperimentTemplateStatus {
  const { template, stored, service, replicaSet } = place;
  const counts = countsOf(place);
  const progressed = stored === undefined || hasChanged(stored, counts);
  const lastTransitionTime = progressed ? formatInstant(world.now) : stored.lastTransitionTime;
  const status = stateOf(place, world, lastTransitionTime);
  return compact<ExperimentTemplateStatus>({
    ...stored,
    name: template.name,
    ...counts,
    status,
    message: messageOf(place, world, status),
    lastTransitionTime: status === stored?.status ? lastTransitionTime : formatInstant(world.now),
    serviceName: service?.name,
    podTemplateHash: service === undefined ? undefined : replicaSet?.hash,
  });
}

function countsOf({ replicaSet }: TemplatePlace) {
  return {
    replicas: replicaSet?.statusReplicas ?? 0,
    updatedReplicas: replicaSet?.statusReplicas ?? 0,
    readyReplicas: replicaSet?.readyReplicas ?? 0,
    availableReplicas: replicaSet?.availableReplicas ?? 0,
  };
}

function hasChanged(stored: ExperimentTemplateStatus, counts: ReturnType<typeof countsOf>): boolean {
  return (['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).some(
    (field) => stored[field] !== counts[field],
  );
}

/** A template that has failed, or has done its part, stays so. */
function stateOf(
  place: TemplatePlace,
  world: ExperimentWorld,
  lastTransitionTime: string | undefined,
): ExperimentTemplatePhase {
  const { stored } = place;
  const ended = endedPhases.find((phase) => phase === stored?.status);
  if (ended !== undefined) return ended;
  if (isComplete(place)) return 'Running';
  const endsAt = deadlineAfter(world, lastTransitionTime);
  return endsAt !== undefined && world.now >= endsAt ? 'Failed' : 'Progressing';
}

const endedPhases = ['Successful', 'Failed', 'Error'] as const satisfies readonly ExperimentTemplatePhase[];

/** True when all pods that are wanted are available, behind their Service where there is to be one. */
function isComplete({ template, replicaSet, service }: TemplatePlace): boolean {
  return (
    replicaSet?.specReplicas === template.replicas &&
    replicaSet.availableReplicas >= template.replicas &&
    (template.service === undefined || service !== undefined)
  );
}

function messageOf(
  { template, stored }: TemplatePlace,
  { experiment }: ExperimentWorld,
  status: ExperimentTemplatePhase,
): string | undefined {
  if (status !== 'Failed' || stored?.status === 'Failed') return stored?.message;
  const seconds = experiment.spec.progressDeadlineSeconds ?? deadlineSecondsDefault;
  return `Template '${template.name}' exceeded its progressDeadlineSeconds (${seconds})`;
}

const deadlineSecondsDefault = 600;

/** When templates that do not become complete fail, in milliseconds since the epoch; those that have ended do not. */
export function templateDeadlines(
  world: ExperimentWorld,
  statuses: readonly ExperimentTemplateStatus[],
): readonly number[] {
  return statuses
    .filter(({ status }) => status === 'Progressing')
    .flatMap(({ lastTransitionTime }) => deadlineAfter(world, lastTransitionTime) ?? []);
}

/** The stored time is cut to whole seconds; the end counts that second in, so that it never comes early. */
function deadlineAfter({ experiment }: ExperimentWorld, lastTransitionTime: string | undefined): number | undefined {
  const since = parseInstant(lastTransitionTime ?? '');
  const seconds = experiment.spec.progressDeadlineSeconds ?? deadlineSecondsDefault;
  return since === undefined ? undefined : since + (seconds + 1) * 1000;
}
