import type { KubeObject } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { ObservedRollout } from '../rollout-projector.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { KeptOccasions } from './kept-occasions.ts';
import { NotifiedWriter, type RolloutKey } from './notified-writer.ts';
import type { TriggerOccasion } from './occasion.ts';
import type { PlannedStep } from './plan-deliveries.ts';
import { sendDispatch, type SendPorts } from './send-dispatch.ts';
import { ThreadMemory } from './thread-memory.ts';

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

/** What deliveries are made with. */
export interface DeliveriesTools {
  readonly cluster: ClusterPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly kept: KeptOccasions;
  onWritten(rollout: KubeObject): void;
  onDelivery(report: DeliveryReport): void;
}

/** A step of a trigger, and how it is sent. */
export type DeliveryStep = PlannedStep & { readonly trigger: string; readonly ports: SendPorts };

/** What the steps are about. */
export interface DeliverySubject {
  readonly rollout: ObservedRollout;
  readonly occasion?: TriggerOccasion;
  /** The occasion is kept on the Rollout under this key until all steps are over. */
  readonly keptAs?: string;
}

/** Deliveries that are remembered besides what is noted on Rollouts. */
const sentMax = 10_000;

/** Carries out what was planned: sends each notification once, and notes on the Rollout what was sent. */
export class Deliveries {
  readonly #tools: DeliveriesTools;
  readonly #queue: DeliveryQueue;
  readonly #writer: NotifiedWriter;
  readonly #threads = new ThreadMemory();
  /** What was sent: until it is noted on the Rollout, only this knows. */
  readonly #sent = new Set<string>();

  constructor(tools: DeliveriesTools) {
    this.#tools = tools;
    this.#queue = new DeliveryQueue(tools);
    this.#writer = new NotifiedWriter(tools);
  }

  get isIdle(): boolean {
    return this.#queue.isIdle && this.#writer.isIdle;
  }

  /** Carries all steps of one occasion out. */
  carryOut(steps: readonly DeliveryStep[], subject: DeliverySubject): void {
    const { rollout, keptAs } = subject;
    const open = steps.flatMap((step) => {
      const key = step.kind === 'send' ? keyOf(rollout, step.key) : undefined;
      return key === undefined || this.#sent.has(key) ? [] : [key];
    });
    if (keptAs !== undefined && this.#tools.kept.begin(rollout.uid, keptAs, open)) this.#settle(rollout, keptAs);
    for (const step of steps) this.#carryOut(step, subject);
  }

  #carryOut(step: DeliveryStep, { rollout, occasion }: DeliverySubject): void {
    const { namespace, name } = rollout;
    if (step.kind === 'forget') {
      this.#sent.delete(keyOf(rollout, step.key));
      this.#writer.remember(rollout, step.key, undefined);
      return;
    }
    const { log, clock } = this.#tools;
    const { trigger, ports } = step;
    const service = step.destination?.service ?? '';
    const fields = { rollout: `${namespace}/${name}`, trigger, service };
    const { type = 'Normal', reason = trigger } = occasion ?? {};
    const told = { namespace, name, type, reason, service };
    const dueMs = clock.monotonic();
    const report = (isSent: boolean): void =>
      this.#tools.onDelivery({ ...told, isSent, durationMs: clock.monotonic() - dueMs });
    if (step.kind === 'problem') {
      log.error({ ...fields, problem: step.problem }, 'a notification cannot be made');
      report(false);
      return;
    }
    const key = keyOf(rollout, step.key);
    if (this.#sent.has(key)) return;
    const lane = `${service}\n${step.destination.recipient}`;
    this.#queue.add({
      key,
      lane,
      send: (signal) => sendDispatch(step.dispatch, { ...step, lane, threads: this.#threads }, ports, signal),
      onFailed: (attempt, problem) => log.warn({ ...fields, attempt, problem }, 'a notification was not taken'),
      onEnd: (isSent) => {
        if (isSent) this.#noteSent(rollout, step.key);
        for (const settled of this.#tools.kept.end(rollout.uid, key)) this.#settle(rollout, settled);
        log[isSent ? 'info' : 'error'](fields, isSent ? 'a notification was sent' : 'a notification is given up');
        report(isSent);
      },
    });
  }

  #noteSent(rollout: RolloutKey, key: string): void {
    const [oldest] = this.#sent;
    if (this.#sent.size >= sentMax && oldest !== undefined) this.#sent.delete(oldest);
    this.#sent.add(keyOf(rollout, key));
    this.#writer.remember(rollout, key, Math.floor(this.#tools.clock.now() / 1000));
  }

  #settle(rollout: RolloutKey, occasion: string): void {
    this.#tools.kept.close(rollout.uid, occasion);
    this.#writer.settle(rollout, occasion);
  }
}

function keyOf({ uid }: Pick<RolloutKey, 'uid'>, key: string): string {
  return `${uid}\n${key}`;
}
