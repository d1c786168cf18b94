import { formatInstant } from '../../../base/instant.ts';
import {
  conditionOf,
  type Condition,
  type ContainerStatus,
  type Pod,
  type PodPhase,
  type PodStatus,
} from '../workloads/shapes.ts';
import { isRestarted, type ContainerObservation, type PodObservation } from './pod-runtime.ts';

/**
 * The status of a pod from what its runtime observes. Conditions that others write (readiness gates) stay, and a
 * condition keeps its lastTransitionTime while its status stays the same.
 */
export function podStatus(pod: Pod, observation: PodObservation, nowMs: number): PodStatus {
  const phase = phaseOf(pod, observation);
  const { podIP, containers, initContainers } = observation;
  return {
    phase,
    conditions: conditionsOf(pod, observation, phase, nowMs),
    hostIP: '127.0.0.1',
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status?.startTime ?? formatInstant(nowMs),
    containerStatuses: containers.map(containerStatus),
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: initContainers.map(containerStatus) }),
  };
}

function phaseOf(pod: Pod, { containers, initContainers }: PodObservation): PodPhase {
  const { restartPolicy } = pod.spec ?? {};
  // A pod that is being deleted restarts nothing.
  const policy = pod.metadata.deletionTimestamp === undefined ? restartPolicy : 'Never';
  const isOver = ({ state }: ContainerObservation): boolean =>
    state.terminated !== undefined && !isRestarted(policy, state.terminated.exitCode);
  if (initContainers.some((init) => isOver(init) && init.state.terminated?.exitCode !== 0)) return 'Failed';
  if (containers.every(isOver)) {
    return containers.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  return containers.every(hasRun) ? 'Running' : 'Pending';
}

/** A container that is between two runs has run; one that never got started has not. */
function hasRun({ state, lastState }: ContainerObservation): boolean {
  return state.waiting === undefined || lastState !== undefined;
}

function conditionsOf(pod: Pod, observation: PodObservation, phase: PodPhase, nowMs: number): readonly Condition[] {
  const before = pod.status?.conditions ?? [];
  const containersReady = readiness(observation, phase);
  const own = [
    { type: 'PodScheduled', status: 'True' },
    initialization(observation),
    { type: 'ContainersReady', ...containersReady },
    { type: 'Ready', ...withGates(pod, containersReady) },
  ];
  const types = new Set(own.map(({ type }) => type));
  return [
    ...own.map((condition) => withTransition(condition, before, nowMs)),
    ...before.filter(({ type }) => !types.has(type)),
  ];
}

type Report = Pick<Condition, 'status' | 'reason' | 'message'>;

function readiness({ containers }: PodObservation, phase: PodPhase): Report {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function withGates({ spec, status }: Pod, containersReady: Report): Report {
  if (containersReady.status !== 'True') return containersReady;
  const closed = (spec?.readinessGates ?? []).filter(
    ({ conditionType }) => conditionOf(status?.conditions, conditionType)?.status !== 'True',
  );
  if (closed.length === 0) return containersReady;
  const message = closed.map(
    ({ conditionType }) => `the status of pod readiness gate "${conditionType}" is not "True"`,
  );
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: message.join(', ') };
}

function initialization({ initContainers }: PodObservation): { type: string } & Report {
  const incomplete = initContainers.filter(({ state }) => state.terminated?.exitCode !== 0).map(({ name }) => name);
  if (incomplete.length === 0) return { type: 'Initialized', status: 'True' };
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`;
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message };
}

function withTransition(condition: Condition, before: readonly Condition[], nowMs: number): Condition {
  const known = conditionOf(before, condition.type);
  const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: since ?? formatInstant(nowMs) };
}

function containerStatus(container: ContainerObservation): ContainerStatus {
  const { name, image, ready, started, restartCount, state, lastState = {}, containerID } = container;
  return {
    name,
    image,
    imageID: containerID === undefined ? '' : image,
    ...(containerID === undefined ? {} : { containerID }),
    ready,
    started,
    restartCount,
    state,
    lastState,
  };
}
