import { hashedTemplate, hashInUse, templateIdentity } from '../api/hash-in-use.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import type { Rollout } from '../api/rollout.ts';
import { workloadTemplate } from '../api/workload.ts';
import type { CommandKind, CommandRefusal, CommandSubject, CommandTarget } from './command.ts';

/** Commands that let an update go on: given twice, the second could pass a gate that nobody has looked at. */
const advancing: ReadonlySet<CommandKind> = new Set([
  'promote',
  'promoteFull',
  'skipCurrentStep',
  'retry',
  'resume',
  'approve',
]);

/** Commands that patch the status: they are about the revision that the status is about. */
const aboutStatus: ReadonlySet<CommandKind> = new Set([...advancing, 'abort']);

/** Why a command is not for what is there now; undefined when it is. */
export function checkTarget(
  kind: CommandKind,
  target: CommandTarget,
  subject: CommandSubject,
): CommandRefusal | undefined {
  const { rollout } = subject;
  const { name, resourceVersion = '' } = rollout.metadata;
  const current = currentRevision(subject);
  if (current !== target.revision) {
    return stale(`${name} is at revision ${current} now, and the command is for ${target.revision}`);
  }
  const observed = rollout.status?.currentPodHash ?? '';
  if (aboutStatus.has(kind) && observed !== current) {
    return stale(`revision ${current} of ${name} has not been observed by the controller yet`);
  }
  if (target.resourceVersion !== undefined && target.resourceVersion !== resourceVersion) {
    return stale(`${name} is at version ${resourceVersion} now, and the command is for ${target.resourceVersion}`);
  }
  return advancing.has(kind) ? checkPosition(target.position, rollout) : undefined;
}

function checkPosition(given: string | undefined, rollout: Rollout): CommandRefusal | undefined {
  const { name } = rollout.metadata;
  const position = positionOf(rollout);
  if (given === undefined) {
    return {
      code: 'BadRequest',
      message: `position is missing: this command lets ${name} go on, so it must say from where ("${position}" now)`,
    };
  }
  return given === position ? undefined : stale(`${name} has moved on from "${given}" to "${position}"`);
}

function stale(message: string): CommandRefusal {
  return { code: 'StaleCommand', message: `${message}; look again and repeat the command if it is still wanted` };
}

/** Pod-template hash of what the specification asks for. */
export function currentRevision(subject: CommandSubject): string {
  const { status = {} } = subject.rollout;
  const identity = templateIdentity(currentTemplate(subject), status.collisionCount);
  return hashInUse(identity, status, subject.replicaSets.map(hashedTemplate));
}

/** The pod template in force: the Rollout's own, or that of the workload it refers to. */
export function currentTemplate({ rollout, workload }: CommandSubject): PodTemplateSpec {
  if (workload === undefined) return rollout.spec.template ?? {};
  return workloadTemplate(workload);
}

/**
 * Where an update stands, as text to compare: the step, pauses, abort. It changes with every gate that is passed, and
 * with nothing else.
 */
export function positionOf({ spec, status = {} }: Pick<Rollout, 'spec' | 'status'>): string {
  const pauses = (status.pauseConditions ?? []).map(({ reason, startTime }) => `${reason}@${startTime}`);
  return [
    `step ${status.currentStepIndex ?? '-'}`,
    ...pauses,
    ...(spec.paused === true ? ['paused'] : []),
    ...(status.abort === true ? [`aborted@${status.abortedAt ?? ''}`] : []),
    ...(status.promoteFull === true ? ['full'] : []),
  ].join(' ');
}
