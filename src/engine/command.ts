import type { KubeObject } from '../api/object.ts';
import type { Rollout } from '../api/rollout.ts';
import type { Result } from '../base/result.ts';
import { planApproval } from './approve-command.ts';
import { checkTarget } from './command-target.ts';
import { planImages } from './image-command.ts';
import { planPromotion } from './promote-command.ts';
import { planAbort, planPause, planRestart, planResume, planRetry } from './simple-command.ts';
import { planUndo } from './undo-command.ts';

/**
 * What a person can ask of a Rollout.
 *
 * - `promote`: goes on to the next step; `promoteFull`: skips all steps, pauses and analyses; `skipCurrentStep`: moves
 *   the step index on without looking at pauses (an old flag of the plug-in).
 * - `abort`: users go back to the stable revision; `retry`: starts an aborted update again.
 * - `pause` and `resume`: hold an update, and let it go on.
 * - `restart`: replaces all pods that were created before `at` (RFC 3339).
 * - `setImage`: a new revision with other images, by container name; `*` stands for every container.
 * - `approve`: the approval step that the update waits at is passed; `step` is its index, the current one when absent.
 *   `by` is who approves, `at` the time (RFC 3339).
 * - `undo`: a new revision with the pod template of an earlier one; without `toRevision` the one before.
 */
export type Command =
  | { readonly kind: 'promote' }
  | { readonly kind: 'promoteFull' }
  | { readonly kind: 'skipCurrentStep' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'restart'; readonly at: string }
  | {
      readonly kind: 'approve';
      readonly step?: number;
      readonly by: string;
      readonly at: string;
      readonly reason?: string;
    }
  | { readonly kind: 'setImage'; readonly images: Readonly<Record<string, string>> }
  | { readonly kind: 'undo'; readonly toRevision?: number };

/** Name of a command. */
export type CommandKind = Command['kind'];

/**
 * What the person looked at when giving the command. A command for something else than what is there now is stale and
 * is refused, so that giving it twice is harmless.
 */
export interface CommandTarget {
  /** Pod-template hash of the revision. */
  readonly revision: string;
  /** What `positionOf` said. Commands that let an update go on need it. */
  readonly position?: string;
  /** Refuse when the Rollout is at any other version. */
  readonly resourceVersion?: string;
}

/** What a command is planned from, as it was read. */
export interface CommandSubject {
  readonly rollout: Rollout;
  /** The object that `workloadRef` names, when there is one. */
  readonly workload?: KubeObject;
  /** ReplicaSets that the Rollout controls; only `undo` needs them. */
  readonly replicaSets: readonly KubeObject[];
}

/**
 * A merge patch. Whoever sends it adds the resourceVersion of the object it was planned from, which makes a lost race a
 * conflict.
 */
export interface CommandPatch {
  readonly on: 'rollout' | 'workload';
  readonly subresource?: 'status';
  readonly body: object;
}

/** What a command does: patches in their order, none when everything is as asked already. */
export interface CommandPlan {
  readonly patches: readonly CommandPatch[];
  /** One line for the person, e.g. `promoted`. */
  readonly message: string;
}

/** Why a command cannot be given. */
export interface CommandRefusal {
  readonly code: 'StaleCommand' | 'Invalid' | 'BadRequest' | 'NotFound' | 'Forbidden';
  readonly message: string;
}

/** The plan for a command, or why it is refused. */
export type PlannedCommand = Result<CommandPlan, CommandRefusal>;

/**
 * Plans a command: the same patches that `kubectl argo rollouts` makes, for the revision it was given for.
 */
export function planCommand(command: Command, target: CommandTarget, subject: CommandSubject): PlannedCommand {
  const refusal = checkTarget(command.kind, target, subject);
  if (refusal !== undefined) return { ok: false, error: refusal };
  switch (command.kind) {
    case 'promote':
    case 'promoteFull':
    case 'skipCurrentStep':
      return planPromotion(command.kind, subject.rollout);
    case 'abort':
      return planAbort(subject.rollout);
    case 'retry':
      return planRetry(subject.rollout);
    case 'pause':
      return planPause(subject.rollout);
    case 'resume':
      return planResume(subject.rollout);
    case 'restart':
      return planRestart(subject.rollout, command.at);
    case 'approve':
      return planApproval(command, subject.rollout);
    case 'setImage':
      return planImages(subject, command.images);
    case 'undo':
      return planUndo(subject, command.toRevision);
  }
}
