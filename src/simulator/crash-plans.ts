import { SluiceError } from '../base/error.ts';
import { clusterDigest, type ClusterDigest } from './cluster-digest.ts';
import type { Commit } from './ledger.ts';
import { playScenario, type Performance, type PlayOptions } from './scenario/play-scenario.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { CallFault, SentCall } from './sent-call.ts';

/** What goes wrong with one write. */
export type CrashVariant =
  /** The controller dies before it sends the write. */
  | 'beforeSending'
  /** The write happens, but its answer is lost, because the controller dies. */
  | 'afterCommit'
  /** The write happens, but its answer is lost, and the controller goes on. */
  | 'answerLost';

/** One way in which a run is disturbed, at one write of the controller. */
export interface CrashPlan {
  /** Counts the calls of the controller that would change the cluster, from 1. */
  readonly write: number;
  readonly variant: CrashVariant;
  /** What the write does, for people. */
  readonly what: string;
}

/** A run without disturbance, and what is compared with it. */
export interface CrashReference {
  readonly scenario: Scenario;
  readonly digest: ClusterDigest;
  /** Every write that changed something, three ways each. */
  readonly plans: readonly CrashPlan[];
}

/** Users must leave an aborted revision in time, but a controller that is dead cannot see to it. */
const strictness = { reactionMs: 20_000 };

const variants: readonly CrashVariant[] = ['beforeSending', 'afterCommit', 'answerLost'];

/** Plays a scenario undisturbed and finds its crash plans. Throws when it is not kept in the first place. */
export async function crashReference(scenario: Scenario): Promise<CrashReference> {
  const effective: Commit[] = [];
  const onCommit = (commit: Commit): void => {
    if (commit.writer === 'sluice' && commit.call !== undefined) effective.push(commit);
  };
  const { staged, digest } = await play(scenario, { observer: { onCommit } });
  if (staged.complaints.length > 0) {
    throw new Error(`${scenario.name} is not kept without a crash: ${staged.complaints.join('; ')}`);
  }
  const plans = effective.flatMap((commit) =>
    variants.map((variant): CrashPlan => ({ write: commit.call?.number ?? 0, variant, what: describe(commit) })),
  );
  return { scenario, digest, plans };
}

/**
 * Plays the scenario with one crash: a fresh controller, to which only the store is left, takes over. Answers what is
 * different in the end, or was broken on the way; nothing when all is as it would have been.
 */
export async function tryCrashPlan({ scenario, digest }: CrashReference, plan: CrashPlan): Promise<readonly string[]> {
  const fault = faultOf(plan.variant);
  let isMet = false;
  const call = (sent: SentCall): CallFault | undefined => {
    if (sent.number !== plan.write || isMet) return undefined;
    isMet = true;
    return fault;
  };
  const disturbed = await play(scenario, { faults: { call }, isDisturbed: true, strictness });
  return [
    ...(isMet ? [] : ['the write was never made']),
    ...disturbed.staged.complaints,
    ...digest.differences(disturbed.digest),
  ];
}

async function play(
  scenario: Scenario,
  options: PlayOptions,
): Promise<{ readonly staged: Performance; readonly digest: ClusterDigest }> {
  const { digest, observer } = clusterDigest();
  const onCommit = (commit: Commit): void => {
    observer.onCommit?.(commit);
    options.observer?.onCommit?.(commit);
  };
  const staged = await playScenario({ ...scenario, untilMs: undefined }, { ...options, observer: { onCommit } });
  return { staged, digest: digest(staged.stage.world.ledger) };
}

function faultOf(variant: CrashVariant): CallFault {
  switch (variant) {
    case 'beforeSending':
      return { kind: 'crashBefore' };
    case 'afterCommit':
      return { kind: 'crashAfter' };
    case 'answerLost':
      return { kind: 'loseAnswer', error: new SluiceError('Timeout', 'the answer did not come in time') };
  }
}

function describe({ type, kind, name, call }: Commit): string {
  const verbs = { ADDED: 'create', MODIFIED: 'change', DELETED: 'delete' } as const;
  return `${verbs[type]} ${kind} ${name}${call?.subresource === undefined ? '' : ` (${call.subresource})`}`;
}
