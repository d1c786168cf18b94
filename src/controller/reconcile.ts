import { mergeDiff } from '../api/merge-diff.ts';
import { apiVersionOf } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import { workloadType } from '../api/workload.ts';
import type { Clock } from '../base/clock.ts';
import { hasCode, type SluiceError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { ClusterPort } from '../cluster/port.ts';
import { decide } from '../engine/decide.ts';
import type { Decision, Effect, Notice } from '../engine/decision.ts';
import { failureNotice, statusAfterFailure } from '../engine/failure.ts';
import { effectText } from '../engine/reason.ts';
import { revisionAnnotation } from '../engine/revision.ts';
import type { Hold, RolloutView, World } from '../engine/world.ts';
import { apply, type Applied } from './apply.ts';
import type { Caches } from './caches.ts';
import type { EventSink, EventSubject } from './event-sink.ts';
import type { FirstLook } from './first-look.ts';
import type { Journal } from './journal.ts';
import { lostAnswers } from './lost-answers.ts';
import type { Notifier } from './notifications/notifier.ts';
import { observe } from './observe.ts';
import type { PerformContext } from './perform-context.ts';
import { perform } from './perform.ts';
import type { WorkOutcome } from './queue.ts';
import { referenceProblems } from './reference-problems.ts';
import { refresh, refreshRollout } from './refresh.ts';
import type { ObservedRollout } from './rollout-projector.ts';
import { routersOf, type RouterRegistry } from './routers.ts';
import type { StatusPace } from './status-pace.ts';
import type { StepPluginCalls } from './step-plugins/step-plugin-calls.ts';
import { urgentCluster } from './urgent-cluster.ts';
import { writeStatus } from './write-status.ts';

/** What a pass is done with: one per cluster. */
export interface ReconcileTools {
  readonly cluster: ClusterPort;
  readonly caches: Caches;
  readonly routers: RouterRegistry;
  readonly journal: Journal;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly stepPlugins: StepPluginCalls;
  /** When statuses are written. */
  readonly pace: StatusPace;
  readonly firstLook: FirstLook;
  /** Why raises and promotions of a Rollout must wait, as known outside of it. */
  holdsOf(rollout: RolloutView): readonly Hold[];
  /** Tells people of what happens to Rollouts; nobody is told when absent. */
  readonly notifier?: Pick<Notifier, 'keep' | 'tell'> | undefined;
  /** Told of every decision before it is carried out, for people who watch. */
  onDecision?(rollout: RolloutView, decision: Decision): void;
  /** Told of every status when it is stored, and of the one that was stored before. */
  onStatus?(before: RolloutStatus, after: RolloutStatus): void;
  /** Another decision than the engine's, to try wrong ones. */
  readonly decide?: (world: World) => Decision;
}

/**
 * One pass over one Rollout: observe, decide, apply, and say when to look again. Everything that decides is in
 * `engine/`; everything that touches the cluster is in `perform` and `writeStatus`.
 */
export async function reconcile(
  rollout: ObservedRollout,
  tools: ReconcileTools,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { clock, journal, log } = tools;
  const routers = routersOf(rollout, tools.routers);
  const context = performContext(rollout, tools, routers);
  const world = look(rollout, tools, routers);

  const decision = (tools.decide ?? decide)(world);
  tools.onDecision?.(rollout, decision);
  const { change, waitMs, isAll } = dueStatus(rollout, decision, tools);
  if (isAll) return { kind: 'done', againAfterMs: waitMs };
  const isNews = decision.effects.length > 0 || change !== undefined;
  if (!(await isKnown(rollout, decision, tools, signal))) return { kind: 'done', againAfterMs: 0 };
  log[isNews ? 'info' : 'debug'](lineOf(rollout, decision), 'decision');

  const occasion = occasionOf(rollout, decision);
  const keep = keeper(rollout, context, tools.notifier, signal);
  const intent = intentOf(rollout, decision, tools);
  const one = (effect: Effect, at: AbortSignal): Promise<string | undefined> => doOne(effect, context, at);
  const applied = await keep(keptBefore(decision), () => apply(decision.effects, intent, journal, one, signal));
  context.isUrgent = false;
  const tell = (notices: readonly Notice[]): void => {
    tools.events.emit(subjectOf(rollout), notices, occasion);
    tools.notifier?.tell({ rollout, notices });
  };

  if (applied.kind === 'failed') {
    tell(eventsOf(decision, applied.done));
    return afterFailure(rollout, world, applied, context, tools, signal);
  }
  const notices = withRouterNotices(decision.events, context.notices);
  try {
    await keep(notices, () => writeStatus(context, change, signal));
  } catch (error) {
    tell(eventsOf(decision, decision.effects));
    if (hasCode(error, ...lostAnswers)) await refreshRollout(context, signal);
    throw error;
  }
  if (waitMs === 0) note(rollout, decision, tools);
  tell(notices);
  return { kind: 'done', ...againAfter(decision, isNews, clock, waitMs) };
}

/** The part of a decision that is about the status. */
interface DueStatus {
  /** The merge patch that is to be written in this pass. */
  readonly change: object | undefined;
  /** Milliseconds for which a change waits that is not written; 0 when none does. */
  readonly waitMs: number;
  /** There is nothing to do but to wait. */
  readonly isAll: boolean;
}

function dueStatus(rollout: ObservedRollout, decision: Decision, { pace, clock }: ReconcileTools): DueStatus {
  const change = mergeDiff(rollout.storedStatus ?? rollout.status, decision.status);
  const waitMs = pace.delayMs(rollout, change, decision, { now: clock.now(), monotonic: clock.monotonic() });
  if (waitMs === 0) return { change, waitMs, isAll: false };
  return { change: undefined, waitMs, isAll: decision.effects.length === 0 };
}

/** Events of effects are kept before these are done, but for a pass that takes users away: that waits for nothing. */
function keptBefore({ effects, events }: Decision): readonly Notice[] {
  const isLowering = effects.some(({ phase }) => phase === 'lower');
  return isLowering ? [] : events.filter(({ follows }) => follows !== undefined);
}

/** Keeps on the Rollout what is told at the end of the pass, so that a crash loses nothing, and then does the work. */
function keeper(
  rollout: ObservedRollout,
  context: PerformContext,
  notifier: ReconcileTools['notifier'],
  signal: AbortSignal,
): <T>(notices: readonly Notice[], work: () => Promise<T>) => Promise<T> {
  if (notifier === undefined) return (_, work) => work();
  return async (notices, work) => {
    const version = await notifier.keep({ rollout, notices }, context.resourceVersion, signal);
    if (version !== undefined) context.resourceVersion = version;
    return work();
  };
}

/** Taking users away comes before everything else that this process asks of the cluster. */
function doOne(effect: Effect, context: PerformContext, signal: AbortSignal): Promise<string | undefined> {
  context.isUrgent = effect.phase === 'lower';
  return perform(effect, context, signal);
}

function note({ status, storedStatus }: ObservedRollout, decision: Decision, tools: ReconcileTools): void {
  tools.onStatus?.(storedStatus ?? status, decision.status);
}

/** Nothing is done about a Rollout that is known from a list alone: it is read first, and may be another by now. */
async function isKnown(
  rollout: ObservedRollout,
  { effects }: Decision,
  { firstLook }: ReconcileTools,
  signal: AbortSignal,
): Promise<boolean> {
  if (effects.length === 0 || !firstLook.isDue(rollout)) return true;
  return await firstLook.isCurrent(rollout, signal);
}

function intentOf(rollout: ObservedRollout, { reason }: Decision, { cluster, clock }: ReconcileTools) {
  const { namespace, name, annotations } = rollout;
  const subject = `${cluster.name}/${namespace}/${name}`;
  const revision = Number(annotations[revisionAnnotation] ?? 0);
  return { subject, revision, reason: reason.message, textOf: effectText, now: () => clock.now() };
}

/** Everything that the decision is made from. */
function look(rollout: ObservedRollout, tools: ReconcileTools, routers: PerformContext['routers']): World {
  const { caches, clock, stepPlugins } = tools;
  const problems = [
    ...rollout.problems,
    ...referenceProblems(rollout, routers, caches),
    ...stepPlugins.problems(rollout),
  ];
  const seen = { caches, routers, problems, holds: tools.holdsOf(rollout), now: clock.now() };
  return { ...observe(rollout, seen), stepPlugins: stepPlugins.view(rollout) };
}

/** What is true already because the effects were done, although the pass was not. */
function eventsOf({ events }: Decision, done: readonly Effect[]): readonly Notice[] {
  return events.filter(({ follows }) => follows !== undefined && done.includes(follows));
}

/** A failed effect: its facts go into the status, and the pass is tried again. A mere conflict is nothing to report. */
async function afterFailure(
  rollout: ObservedRollout,
  world: World,
  { effect, error }: Extract<Applied<Effect>, { kind: 'failed' }>,
  context: PerformContext,
  tools: ReconcileTools,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const fields = { rollout: `${rollout.namespace}/${rollout.name}`, effect: effect.kind, code: error.code };
  tools.log.warn({ ...fields, error: error.message }, 'an effect failed');
  if (hasCode(error, ...lostAnswers)) await refresh(effect, context, signal);
  if (error.code !== 'Conflict') {
    const stored = rollout.storedStatus ?? rollout.status;
    await writeStatus(context, mergeDiff(stored, statusAfterFailure(world, effect, error)), signal);
    const [notices, occasion] = [[failureNotice(effect, error)], String(rollout.generation)];
    tools.events.emit(subjectOf(rollout), notices, occasion);
    tools.notifier?.tell({ rollout, notices });
  }
  return retryAfter(error);
}

/** Reasons of events that tell what follows from a change of traffic. */
const reasonsAfterTraffic: ReadonlySet<string> = new Set([
  'TrafficWeightUpdated',
  'RolloutStepCompleted',
  'RolloutPaused',
  'RolloutResumed',
  'RolloutAborted',
  'RolloutCompleted',
]);

/** What the routers say comes before what follows from it. */
function withRouterNotices(events: readonly Notice[], notices: readonly Notice[]): readonly Notice[] {
  const at = events.findIndex(({ reason }) => reasonsAfterTraffic.has(reason));
  return at === -1 ? [...events, ...notices] : events.toSpliced(at, 0, ...notices);
}

function retryAfter({ retryAfterMs }: SluiceError): WorkOutcome {
  return { kind: 'retry', ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) };
}

function performContext(
  rollout: ObservedRollout,
  { cluster, caches, stepPlugins }: ReconcileTools,
  routers: PerformContext['routers'],
): PerformContext {
  const { namespace, name, uid, templateHash, resourceVersion } = rollout;
  const apiVersion = apiVersionOf(resourceTypes.rollout);
  const { workloadRef = {} } = rollout.spec;
  const type = workloadType(workloadRef);
  const workload = type === undefined ? undefined : { type, namespace, name: workloadRef.name ?? '' };
  const identity = { namespace, name, uid, apiVersion, templateHash, resourceVersion };
  const context: PerformContext = {
    cluster: urgentCluster(cluster, () => context.isUrgent),
    caches,
    routers,
    stepPlugins,
    ...identity,
    rollout,
    workload,
    isUrgent: false,
    notices: [],
  };
  return context;
}

function lineOf({ namespace, name }: RolloutView, { reason, state, effects }: Decision): object {
  return { rollout: `${namespace}/${name}`, state, reason: reason.code, why: reason.message, effects: effects.length };
}

/** The Rollout as the object that Events are about. */
export function subjectOf({ namespace, name, uid }: RolloutView): EventSubject {
  const { kind } = resourceTypes.rollout;
  return { apiVersion: apiVersionOf(resourceTypes.rollout), kind, namespace, name, uid };
}

function occasionOf({ templateHash, generation }: RolloutView, { status }: Decision): string {
  return `${templateHash}/${generation}/${status.currentStepIndex ?? ''}/${status.duration?.rolloutStartedAt ?? ''}`;
}

/** After a pass that changed nothing there is nothing new to see at once: without a wait it would spin. */
function againAfter(
  { lookAgainAt }: Decision,
  isNews: boolean,
  clock: Clock,
  waitMs: number,
): { againAfterMs?: number } {
  if (waitMs > 0) return { againAfterMs: waitMs };
  if (lookAgainAt === undefined) return {};
  const againAfterMs = lookAgainAt - clock.now();
  return { againAfterMs: againAfterMs > 0 || isNews ? Math.max(0, againAfterMs) : idleDelayMs };
}

const idleDelayMs = 1000;
