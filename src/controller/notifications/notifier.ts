import type { KubeObject } from '../../api/object.ts';
import { sleep, withDeadline, type Clock } from '../../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { Notice } from '../../engine/decision.ts';
import type { AnyNotificationService, Destination } from '../../providers/notifications/contract.ts';
import { isEventTrigger } from '../../providers/notifications/event-trigger.ts';
import type { NotificationConfig } from '../../providers/notifications/notification-config.ts';
import {
  pendingAnnotation,
  pendingKey,
  readPending,
  type PendingOccasion,
} from '../../providers/notifications/pending-state.ts';
import { destinationsOf } from '../../providers/notifications/subscriptions.ts';
import type { ObservedRollout } from '../rollout-projector.ts';
import { ConfigSources, type RolloutSource } from './config-sources.ts';
import { Deliveries, type DeliveryReport, type DeliveryStep } from './deliveries.ts';
import { KeptOccasions } from './kept-occasions.ts';
import { keptOccasion, occasionOf, stateOf, toKeep, type TriggerOccasion } from './occasion.ts';
import { planDeliveries } from './plan-deliveries.ts';
import { readRolloutObject } from './read-rollout-object.ts';
import type { SendPorts } from './send-dispatch.ts';

/** How a controller notifies. */
export interface NotificationOptions extends SendPorts {
  /** Namespace of the ConfigMap and the Secret: the controller's own. */
  readonly namespace: string;
  readonly services: Readonly<Record<string, AnyNotificationService>>;
  /**
   * How to send what is configured in namespaces of Rollouts, by people who may do less than those who configure the
   * controller. Absent: what is configured there does not count.
   */
  readonly tenants?: SendPorts;
  /** Told of every delivery when it is over. */
  onDelivery?(report: DeliveryReport): void;
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
  readonly notices: readonly Notice[];
}

/** Tells people of events and conditions, off the critical path: nothing here fails, and nothing but `keep` waits. */
export interface Notifier {
  /**
   * Writes down on the Rollout what will be told, before it is done, if somebody is subscribed: the next process tells
   * it if this one cannot. Answers with the version that the Rollout then has; undefined when nothing was written.
   */
  keep(told: ToldNotices, resourceVersion: string, signal: AbortSignal): Promise<string | undefined>;
  /** Events of a Rollout. */
  tell(told: ToldNotices): void;
  /** The Rollout is another than before; triggers with conditions may hold now. */
  look(rollout: ObservedRollout): void;
  /** A new process: what earlier ones kept was not told. */
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
const jobAttemptsMax = 20;
const jobDelayMsMax = 30_000;
/** Longest wait of a pass for the configuration. */
const readTimeoutMs = 2000;
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
  readonly #sources: ConfigSources;
  readonly #kept: KeptOccasions;
  readonly #deliveries: Deliveries;
  /** By a key: of several looks at one Rollout the last one counts. */
  readonly #jobs = new Map<string, Job>();
  /** Versions that our own notes made: they say nothing new. */
  readonly #ownVersions = new Map<string, string>();
  #sequence = 0;
  #lost = 0;
  #isRunning = false;

  constructor(tools: NotifierTools) {
    this.#tools = tools;
    const { options } = tools;
    const { signal } = this.#stopping;
    const onWritten = (rollout: KubeObject): void => this.#noted(rollout);
    this.#sources = new ConfigSources({ ...tools, ...options, hasTenants: options.tenants !== undefined });
    this.#kept = new KeptOccasions({ ...tools, onWritten });
    const onDelivery = (report: DeliveryReport): void => options.onDelivery?.(report);
    this.#deliveries = new Deliveries({ ...tools, signal, kept: this.#kept, onWritten, onDelivery });
  }

  get isIdle(): boolean {
    return !this.#isRunning && this.#deliveries.isIdle;
  }

  get lost(): number {
    return this.#lost;
  }

  async keep(told: ToldNotices, resourceVersion: string, signal: AbortSignal): Promise<string | undefined> {
    const { rollout, notices } = told;
    if (notices.length === 0) return undefined;
    const configs = await Promise.all(this.#sources.of(rollout.namespace).map((one) => this.#configOf(one, signal)));
    const wanted = occasionsOf(told).filter((occasion) =>
      configs.some((config) => config !== undefined && wantedTriggers(config, { rollout, occasion }).length > 0),
    );
    if (wanted.length === 0) return undefined;
    const now = this.#tools.clock.now();
    const occasions = wanted.map((occasion) => toKeep(occasion, now));
    return this.#kept.keep(rollout, occasions, resourceVersion, signal);
  }

  /** A configuration that is not known yet is read; a pass waits for that once, and not for long. */
  async #configOf({ source }: RolloutSource, signal: AbortSignal): Promise<NotificationConfig | undefined> {
    if (source.known !== undefined) return source.known;
    const late = (): SluiceError => new SluiceError('Timeout', 'the configuration could not be read in time');
    const read = (inner: AbortSignal): Promise<NotificationConfig> => source.read(inner);
    return withDeadline(this.#tools.clock, readTimeoutMs, signal, read, late).catch(() => undefined);
  }

  tell(told: ToldNotices): void {
    for (const occasion of occasionsOf(told)) this.#add({ rollout: told.rollout, occasion });
  }

  look(rollout: ObservedRollout): void {
    if (this.#ownVersions.get(rollout.uid) === rollout.resourceVersion) return;
    const isOverdue = ({ before, atSeconds }: PendingOccasion): boolean =>
      before !== undefined && atSeconds < this.#tools.clock.now() / 1000 - overdueSeconds;
    // The answer to the write of a status may have been lost, and with it what was to be told.
    for (const occasion of keptOccasions(rollout, this.#tools.clock.now(), isOverdue)) this.#add({ rollout, occasion });
    this.#add({ rollout });
  }

  resume(rollouts: Iterable<ObservedRollout>): void {
    const now = this.#tools.clock.now();
    this.#addJob('resume', earlierMatters([...rollouts], now));
  }

  async stop(): Promise<void> {
    const { clock } = this.#tools;
    for (let waitedMs = 0; waitedMs < stopGraceMs && !this.isIdle; waitedMs += 20) {
      await sleep(clock, 20, this.#stopping.signal);
    }
    this.#stopping.abort(new Error('the controller stops'));
  }

  #add(matter: Matter): void {
    const sources = this.#sources.of(matter.rollout.namespace);
    const isIdle = ({ source: { fresh } }: RolloutSource): boolean =>
      fresh !== undefined && wantedTriggers(fresh, matter).length === 0;
    if (sources.every(isIdle)) return;
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
    const { cluster } = this.#tools;
    const { rollout, occasion } = matter;
    const asked = [];
    for (const one of this.#sources.of(rollout.namespace)) {
      const config = await one.source.read(signal);
      asked.push({ ...one, config, wanted: wantedTriggers(config, matter) });
    }
    const isKept = occasion !== undefined && isPending(rollout, occasion);
    if (!isKept && asked.every(({ wanted }) => wanted.length === 0)) return;
    const object = await readRolloutObject(cluster, rollout, occasion?.status, signal);
    if (object === undefined) return;
    const steps = asked.flatMap((one) => this.#plan(one, object, occasion));
    const key = occasion === undefined ? undefined : pendingKey(occasion);
    const pending = readPending(object.metadata.annotations?.[pendingAnnotation]);
    const keptAs = key !== undefined && pending.has(key) ? { keptAs: key } : {};
    this.#deliveries.carryOut(steps, { ...matter, ...keptAs });
  }

  #plan({ config, wanted, tenant }: Asked, object: KubeObject, occasion: TriggerOccasion | undefined): DeliveryStep[] {
    const { options, clock } = this.#tools;
    const ports = tenant === undefined ? options : (options.tenants ?? options);
    const once = occasion === undefined ? {} : { once: occasion.once };
    const place = tenant === undefined ? {} : { tenant };
    return wanted.flatMap(([trigger, destinations]) => {
      const look = { config, trigger, destinations, object, ...once, ...place, nowMs: clock.now() };
      return planDeliveries(look).map((step) => ({ ...step, trigger, ports }));
    });
  }

  #noted(rollout: KubeObject): void {
    const { uid = '', resourceVersion = '' } = rollout.metadata;
    // Only the newest matter; a version that is forgotten costs one look.
    if (this.#ownVersions.size >= jobsMax) this.#ownVersions.clear();
    this.#ownVersions.set(uid, resourceVersion);
    this.#tools.onWritten(rollout);
  }
}

/** A configuration, and what of it a matter is about. */
interface Asked extends Pick<RolloutSource, 'tenant'> {
  readonly config: NotificationConfig;
  readonly wanted: readonly TriggerDestinations[];
}

function occasionsOf({ rollout, notices }: ToldNotices): readonly TriggerOccasion[] {
  return notices.map((notice) => occasionOf(notice, rollout));
}

function isPending({ annotations }: ObservedRollout, occasion: TriggerOccasion): boolean {
  return readPending(annotations[pendingAnnotation]).has(pendingKey(occasion));
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

/** How long after something was kept it is still told. */
const keptSecondsMax = 24 * 3600;
/** After so long this process has not told something that it kept itself. */
const overdueSeconds = 60;

/** What is kept on a Rollout and has happened. */
function keptOccasions(
  rollout: ObservedRollout,
  nowMs: number,
  isWanted: (kept: PendingOccasion) => boolean,
): readonly TriggerOccasion[] {
  const pending = readPending(rollout.annotations[pendingAnnotation]);
  if (pending.size === 0) return [];
  const state = stateOf(rollout);
  return (
    [...pending.values()]
      .filter(({ atSeconds }) => atSeconds >= nowMs / 1000 - keptSecondsMax)
      // In the state before it, it has not happened: the pass that was cut off is done again.
      .filter((kept) => kept.before !== state && isWanted(kept))
      .map((kept) => keptOccasion(kept, rollout.status))
  );
}

/** What earlier processes kept of Rollouts, and their conditions. Made one by one, as there may be many. */
function* earlierMatters(rollouts: readonly ObservedRollout[], nowMs: number): Iterable<Matter> {
  for (const rollout of rollouts) {
    for (const occasion of keptOccasions(rollout, nowMs, () => true)) yield { rollout, occasion };
    yield { rollout };
  }
}
