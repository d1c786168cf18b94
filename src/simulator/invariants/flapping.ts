import { numberOf, recordOf } from '../../api/json-access.ts';
import type { Commit } from '../ledger.ts';
import { PerRollout, type Invariant } from './invariant.ts';
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
      return turned(movement, share, picture) ?? switchedOften(movement, commit, picture);
    },
  };
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
function isCause({ kind, writer, object, previous }: Commit): boolean {
  if (writer === 'person' || writer === 'foreign') return true;
  if (kind === 'AnalysisRun') return recordOf(object['status'])['phase'] !== recordOf(previous?.['status'])['phase'];
  if (kind !== 'ReplicaSet' || writer !== 'cluster') return false;
  const [before = 0, after = 0] = [previous, object].map(
    (set) => numberOf(recordOf(set?.['status'])['availableReplicas']) ?? 0,
  );
  return after !== before;
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
