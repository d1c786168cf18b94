import { numberOf, recordOf } from '../../api/json-access.ts';
import type { Commit } from '../ledger.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import { isPodServing } from './pod-losses.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { isGivenBack, selectorChange, statusChange } from './written-by.ts';

interface Movement {
  /** Within one phase the share moves in one direction. */
  phase: string;
  phaseSinceMs: number;
  share: number;
  direction: number;
  /** Things that people or the world did: after each of them users may be led another way. */
  causes: number;
  foreignSwitches: number;
  /** A retry begins another attempt at the same revision. */
  retries: number;
  /** Users were led back, which only an abort at the progress deadline explains. The next status tells. */
  unexplained: string | undefined;
  readonly switches: Map<string, number>;
}

/** I12: users are led one way at a time. */
export function flapping(newsMs: number): Invariant {
  const movements = new PerRollout((): Movement => ({
    phase: '',
    phaseSinceMs: 0,
    share: 0,
    direction: 0,
    causes: 0,
    foreignSwitches: 0,
    retries: 0,
    unexplained: undefined,
    switches: new Map(),
  }));
  return {
    id: 'I12',
    rule: 'the share of a revision moves in one direction per step, and a Service is switched at most twice per attempt',
    onCommit(commit, picture) {
      const movement = movements.of(picture);
      count(movement, commit);
      const share = picture.weightOf(picture.currentHash);
      const phase = `${phaseOf(picture)}/${movement.causes}`;
      if (phase !== movement.phase) {
        Object.assign(movement, { phase, phaseSinceMs: commit.atMs, share, direction: 0 });
      }
      if (!isTurn(movement, commit, newsMs)) movement.share = share;
      return (
        explained(movement, commit, picture) ??
        judged(movement, turned(movement, share, picture), picture) ??
        switchedOften(movement, commit, picture)
      );
    },
    onEnd: (picture) => movements.of(picture).unexplained,
  };
}

/** At the progress deadline users are led back first, and then the status says that the update is aborted. */
function judged(movement: Movement, turn: string | undefined, picture: RolloutPicture): string | undefined {
  const mayAbort = picture.spec['progressDeadlineAbort'] === true && movement.direction < 0;
  if (turn === undefined || !mayAbort) return turn;
  movement.unexplained = turn;
  return undefined;
}

function explained(movement: Movement, commit: Commit, { isAborted }: RolloutPicture): string | undefined {
  const { unexplained } = movement;
  if (unexplained === undefined || statusChange(commit)?.byController !== true) return undefined;
  movement.unexplained = undefined;
  return isAborted ? undefined : unexplained;
}

function count(movement: Movement, commit: Commit): void {
  if (isCause(commit)) movement.causes += 1;
  if (commit.kind === 'Service' && commit.writer !== 'sluice') movement.foreignSwitches += 1;
  if (isNewAttempt(commit)) movement.retries += 1;
}

/** What others did is no turn of the controller's, nor is what it sent before it could hear of an abort. */
function isTurn({ phaseSinceMs }: Movement, { writer, call }: Commit, newsMs: number): boolean {
  return writer === 'sluice' && (call?.atMs ?? Infinity) > phaseSinceMs + newsMs;
}

/**
 * People, other tools, pods that come and go, and the verdict of an analysis.
 */
function isCause(commit: Commit): boolean {
  const { kind, writer, object, previous } = commit;
  if (writer === 'person' || writer === 'foreign') return true;
  if (kind === 'AnalysisRun') return recordOf(object['status'])['phase'] !== recordOf(previous?.['status'])['phase'];
  if (kind === 'Pod') return isPodChange(commit);
  if (kind !== 'ReplicaSet' || writer !== 'cluster') return false;
  const [before = 0, after = 0] = [previous, object].map(
    (set) => numberOf(recordOf(set?.['status'])['availableReplicas']) ?? 0,
  );
  return after !== before;
}

/** A pod that goes will not answer for long, although its ReplicaSet may not say so yet. */
function isPodChange({ type, writer, object, previous }: Commit): boolean {
  const isServing = type !== 'DELETED' && isPodServing(object);
  return writer !== 'sluice' && isServing !== (previous !== undefined && isPodServing(previous));
}

/** A retry, a full promotion after an abort, or a template that came back, is another attempt at the same revision. */
function isNewAttempt(commit: Commit): boolean {
  const change = statusChange(commit);
  if (change === undefined) return false;
  const isRetry = change.before['abort'] === true && change.after['abort'] !== true;
  const isOverruled =
    change.before['abort'] === true && change.before['promoteFull'] !== true && change.after['promoteFull'] === true;
  return isRetry || isOverruled || change.before['currentPodHash'] !== change.after['currentPodHash'];
}

function phaseOf({ status, stepIndex, currentHash, stableHash }: RolloutPicture): string {
  return [stepIndex, status['abort'] === true, status['promoteFull'] === true, currentHash, stableHash].join('/');
}

function turned(movement: Movement, share: number, picture: RolloutPicture): string | undefined {
  const direction = Math.sign(share - movement.share);
  movement.share = share;
  if (direction === 0 || (!picture.isRouted && picture.blueGreen === undefined)) return undefined;
  const turns = direction === -movement.direction;
  movement.direction = direction;
  return turns ? `the share of ${picture.currentHash} turns back to ${share} within one step` : undefined;
}

function switchedOften(movement: Movement, commit: Commit, picture: RolloutPicture): string | undefined {
  const change = selectorChange(commit);
  if (change === undefined || isGivenBack(commit, picture)) return undefined;
  const attempt = [change.service, picture.currentHash, movement.retries, movement.foreignSwitches].join('/');
  const count = (movement.switches.get(attempt) ?? 0) + 1;
  movement.switches.set(attempt, count);
  return count > 2 ? `Service ${change.service} is switched ${count} times in one attempt` : undefined;
}
