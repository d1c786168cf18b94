import type { KubeObject } from '../../api/object.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { Notice } from '../../engine/decision.ts';
import type { AnyNotificationService, Destination } from '../../providers/notifications/contract.ts';
import { isEventTrigger } from '../../providers/notifications/event-trigger.ts';
import type { NotificationConfig } from '../../providers/notifications/notification-config.ts';
import { destinationsOf } from '../../providers/notifications/subscriptions.ts';
import type { ObservedRollout } from '../rollout-projector.ts';
import { createConfigSource, type ConfigSource } from './config-source.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { NotifiedWriter } from './notified-writer.ts';
import { occasionOf, recentOccasions, type TriggerOccasion } from './occasion.ts';
import { planDeliveries, type PlannedStep } from './plan-deliveries.ts';
import { readRolloutObject } from './read-rollout-object.ts';
import { sendDispatch, type SendPorts } from './send-dispatch.ts';
import { ThreadMemory } from './thread-memory.ts';

/** How a controller notifies. */
export interface NotificationOptions extends SendPorts {
  /** Namespace of the ConfigMap and the Secret: the controller's own. */
  readonly namespace: string;
  readonly services: Readonly<Record<string, AnyNotificationService>>;
  /** Told of every delivery when it is over. */
  onDelivery?(report: DeliveryReport): void;
}

/** A delivery that is over. */
export interface DeliveryReport {
  readonly namespace: string;
  readonly name: string;
  /** Type and reason of the Event that it tells of; `Normal` and the trigger's name when there is none. */
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly service: string;
  readonly isSent: boolean;
  /** From when it was due until it was sent or given up. */
  readonly durationMs: number;
}

/** What a notifier is made with. */
export interface NotifierTools {
  readonly options: NotificationOptions;
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told of a Rollout as the cluster has it after its annotation was written. */
  onWritten(rollout: KubeObject): void;
}

/** What a pass tells of. */
export interface ToldNotices {
  readonly rollout: ObservedRollout;
  /** The status that comes with the notices. */
  readonly next: RolloutStatus;
  readonly notices: readonly Notice[];
  /** Tells occasions apart at which the same text may come again. */
  readonly occasion: string;
}

/** Tells people of events and conditions, off the critical path: nothing here waits or fails. */
export interface Notifier {
  /** Events of a Rollout. */
  tell(told: ToldNotices): void;
  /** The Rollout is another than before; triggers with conditions may hold now. */
  look(rollout: ObservedRollout): void;
  /** A new process: what lately happened to the Rollouts may not have been told. */
  resume(rollouts: Iterable<ObservedRollout>): void;
  stop(): Promise<void>;
  readonly isIdle: boolean;
  /** Events that were given up before anybody could be told. */
  readonly lost: number;
}

/** Makes a notifier. */
export function createNotifier(tools: NotifierTools): Notifier {
  return new QueuedNotifier(tools);
}

/** Jobs that wait at most; beyond it the oldest are given up. */
const jobsMax = 10_000;
/** Deliveries that are remembered besides what is noted on Rollouts. */
const sentMax = 10_000;
const jobAttemptsMax = 20;
const jobDelayMsMax = 30_000;
/** How long an end waits for what is being sent. */
const stopGraceMs = 500;

/** Something to tell about one Rollout: an occasion, or without one whatever conditions hold. */
interface Matter {
  readonly rollout: ObservedRollout;
  readonly occasion?: TriggerOccasion;
}

/** What is looked at together, e.g. all Rollouts of a new process. */
type Job = Iterable<Matter>;

class QueuedNotifier implements Notifier {
  readonly #tools: NotifierTools;
  readonly #stopping = new AbortController();
  readonly #source: ConfigSource;
  readonly #queue: DeliveryQueue;
  readonly #writer: NotifiedWriter;
  readonly #threads = new ThreadMemory();
  /** By a key: of several looks at one Rollout the last one counts. */
  readonly #jobs = new Map<string, Job>();
  /** Versions that our own notes made: they say nothing new. */
  readonly #ownVersions = new Map<string, string>();
  /** What was sent: until it is noted on the Rollout, only this knows. */
  readonly #sent = new Set<string>();
  #sequence = 0;
  #lost = 0;
  #isRunning = false;

  constructor(tools: NotifierTools) {
    this.#tools = tools;
    const { cluster, clock, random, log, options } = tools;
    const { signal } = this.#stopping;
    this.#source = createConfigSource({ cluster, clock, log, ...options });
    this.#queue = new DeliveryQueue({ clock, random, signal });
    this.#writer = new NotifiedWriter({ cluster, clock, log, signal, onWritten: (rollout) => this.#noted(rollout) });
  }

  get isIdle(): boolean {
    return !this.#isRunning && this.#queue.isIdle && this.#writer.isIdle;
  }

  get lost(): number {
    return this.#lost;
  }

  tell({ rollout, next, notices, occasion }: ToldNotices): void {
    for (const notice of notices) {
      this.#add({ rollout, occasion: occasionOf(notice, rollout.status, next, occasion) });
    }
  }

  look(rollout: ObservedRollout): void {
    if (this.#ownVersions.get(rollout.uid) !== rollout.resourceVersion) this.#add({ rollout });
  }

  resume(rollouts: Iterable<ObservedRollout>): void {
    const now = this.#tools.clock.now();
    this.#addJob('resume', recentMatters([...rollouts], now));
  }

  async stop(): Promise<void> {
    const { clock } = this.#tools;
    for (let waitedMs = 0; waitedMs < stopGraceMs && !this.isIdle; waitedMs += 20) {
      await sleep(clock, 20, this.#stopping.signal);
    }
    this.#stopping.abort(new Error('the controller stops'));
  }

  #add(matter: Matter): void {
    const { fresh } = this.#source;
    if (fresh !== undefined && wantedTriggers(fresh, matter).length === 0) return;
    this.#sequence += 1;
    this.#addJob(matter.occasion === undefined ? `look/${matter.rollout.uid}` : String(this.#sequence), [matter]);
  }

  #addJob(key: string, job: Job): void {
    if (this.#stopping.signal.aborted) return;
    this.#jobs.set(key, job);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > jobsMax && oldest !== undefined) {
      this.#jobs.delete(oldest);
      this.#lost += 1;
      const { log } = this.#tools;
      if (this.#lost % jobsMax === 1) log.warn({ lost: this.#lost }, 'Events are given up before anybody is told');
    }
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (const [key, job] of this.#jobs) {
      this.#jobs.delete(key);
      for (const matter of job) {
        if (this.#stopping.signal.aborted) break;
        await this.#work(matter);
      }
    }
    this.#isRunning = false;
  }

  async #work(matter: Matter): Promise<void> {
    const { clock, log } = this.#tools;
    const { signal } = this.#stopping;
    const { name } = matter.rollout;
    for (let attempt = 1; attempt <= jobAttemptsMax && !signal.aborted; attempt += 1) {
      try {
        await this.#prepare(matter);
        return;
      } catch (error) {
        if (signal.aborted || hasCode(error, 'NotLeader')) return;
        log.warn({ rollout: name, attempt, error: messageOf(error) }, 'notifications could not be prepared');
        await sleep(clock, Math.min(500 * 2 ** attempt, jobDelayMsMax), signal).catch(() => undefined);
      }
    }
    this.#lost += 1;
  }

  async #prepare(matter: Matter): Promise<void> {
    const { signal } = this.#stopping;
    const { cluster, clock } = this.#tools;
    const { rollout, occasion } = matter;
    const config = await this.#source.read(signal);
    const wanted = wantedTriggers(config, matter);
    if (wanted.length === 0) return;
    const object = await readRolloutObject(cluster, rollout, occasion?.status, signal);
    if (object === undefined) return;
    const identity = occasion === undefined ? {} : { identity: occasion.identity };
    for (const [trigger, destinations] of wanted) {
      const steps = planDeliveries({ config, trigger, destinations, object, ...identity, nowMs: clock.now() });
      for (const step of steps) this.#carryOut(step, trigger, matter);
    }
  }

  #carryOut(step: PlannedStep, trigger: string, { rollout, occasion }: Matter): void {
    const { namespace, name, uid } = rollout;
    if (step.kind === 'forget') {
      this.#sent.delete(`${uid}\n${step.key}`);
      this.#writer.remember({ namespace, name, uid }, step.key, undefined);
      return;
    }
    const { options, log, clock } = this.#tools;
    const service = step.destination?.service ?? '';
    const fields = { rollout: `${namespace}/${name}`, trigger, service };
    const { type = 'Normal', reason = trigger } = occasion ?? {};
    const told = { namespace, name, type, reason, service };
    const dueMs = clock.monotonic();
    const report = (isSent: boolean): void =>
      options.onDelivery?.({ ...told, isSent, durationMs: clock.monotonic() - dueMs });
    if (step.kind === 'problem') {
      log.error({ ...fields, problem: step.problem }, 'a notification cannot be made');
      report(false);
      return;
    }
    const key = `${uid}\n${step.key}`;
    if (this.#sent.has(key)) return;
    const lane = `${service}\n${step.destination.recipient}`;
    this.#queue.add({
      key,
      lane,
      send: (signal) => sendDispatch(step.dispatch, { ...step, lane, threads: this.#threads }, options, signal),
      onFailed: (attempt, problem) => log.warn({ ...fields, attempt, problem }, 'a notification was not taken'),
      onEnd: (isSent) => {
        if (isSent) {
          this.#keep(key);
          this.#writer.remember({ namespace, name, uid }, step.key, Math.floor(clock.now() / 1000));
        }
        log[isSent ? 'info' : 'error'](fields, isSent ? 'a notification was sent' : 'a notification is given up');
        report(isSent);
      },
    });
  }

  #keep(key: string): void {
    const [oldest] = this.#sent;
    if (this.#sent.size >= sentMax && oldest !== undefined) this.#sent.delete(oldest);
    this.#sent.add(key);
  }

  #noted(rollout: KubeObject): void {
    const { uid = '', resourceVersion = '' } = rollout.metadata;
    // Only the newest matter; a version that is forgotten costs one look.
    if (this.#ownVersions.size >= jobsMax) this.#ownVersions.clear();
    this.#ownVersions.set(uid, resourceVersion);
    this.#tools.onWritten(rollout);
  }
}

/** Triggers that somebody is subscribed to and that the matter may set off, with who is told. */
function wantedTriggers(config: NotificationConfig, { rollout, occasion }: Matter): readonly TriggerDestinations[] {
  if (config.triggers.size === 0) return [];
  return [...destinationsOf(config, rollout)].filter(
    ([trigger]) =>
      config.triggers.has(trigger) &&
      (occasion === undefined ? !isEventTrigger(trigger) : trigger === occasion.trigger),
  );
}

type TriggerDestinations = readonly [trigger: string, destinations: readonly Destination[]];

/** What lately happened to Rollouts, and their conditions. Made one by one, as there may be many. */
function* recentMatters(rollouts: readonly ObservedRollout[], nowMs: number): Iterable<Matter> {
  for (const rollout of rollouts) {
    for (const occasion of recentOccasions(rollout.status, nowMs)) yield { rollout, occasion };
    yield { rollout };
  }
}
