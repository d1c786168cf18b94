import type { KubeObject, ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { sleep } from '../base/clock.ts';
import { SluiceError } from '../base/error.ts';
import type {
  Call,
  ClusterPort,
  DeleteOptions,
  ListPage,
  ListQuery,
  ObjectAddress,
  Patch,
  UpdateOptions,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from '../cluster/port.ts';
import { neverSettles, type ProcessFaults } from './process-faults.ts';
import type { CallFault, CommandIntent, SentCall, WriterKind } from './sent-call.ts';
import type { ProcessClock, VirtualTime } from './virtual-clock.ts';

/** What a simulated process is started with. */
export interface ProcessOptions {
  readonly writer: WriterKind;
  readonly cluster: ClusterPort;
  readonly time: VirtualTime;
  readonly faults?: ProcessFaults;
  /** Number of the next call; a process that follows another goes on counting. */
  readonly nextNumber: () => number;
  /** Told of every call that would change the cluster, before it is sent. */
  readonly onSend: (call: SentCall) => void;
  /** Told what a call was answered; undefined where the answer names no object. */
  readonly onAnswer: (call: SentCall, answer: KubeObject | undefined) => void;
  /** Told that a fault ended the process. */
  readonly onCrash: () => void;
}

type LateCall = Extract<CallFault, { readonly kind: 'late' }>;
type Write = Omit<SentCall, 'writer' | 'number' | 'atMs' | 'intent'>;

/**
 * One process of the simulation: its clock and its way to the cluster. When it ends, by intention or by a fault, its
 * timers never fire and none of its calls is ever answered: whatever it was doing stops in the middle for good.
 */
export class SimulatedProcess implements ClusterPort {
  readonly name: string;
  readonly clock: ProcessClock;
  /** What its next calls are meant to do. */
  intent: CommandIntent | undefined;
  readonly #options: ProcessOptions;
  readonly #ending = new AbortController();

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.name = options.cluster.name;
    this.clock = options.time.clock();
  }

  get isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Ends the process like SIGKILL. */
  end(): void {
    if (this.isEnded) return;
    this.clock.end();
    this.#ending.abort(new SluiceError('Cancelled', 'the process is gone'));
  }

  get(at: ObjectAddress, call: Call): Promise<KubeObject> {
    return this.#read(() => this.#options.cluster.get(at, call));
  }

  list(type: ResourceType, query: ListQuery, call: Call): Promise<ListPage> {
    return this.#read(async () => {
      const stale = this.#options.faults?.staleList?.(type, query);
      return stale ?? (await this.#options.cluster.list(type, query, call));
    });
  }

  create(type: ResourceType, object: KubeObject, options: WriteOptions, call: Call): Promise<KubeObject> {
    const { name, namespace = '' } = object.metadata;
    const write = { verb: 'create', type, namespace, name, body: object, ...noPrecondition } as const;
    return this.#write(write, () => this.#options.cluster.create(type, object, options, call), call);
  }

  update(type: ResourceType, object: KubeObject, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const { name, namespace = '', resourceVersion, uid } = object.metadata;
    const preconditions = { resourceVersion, uid, ...subresourceOf(options) };
    const write = { verb: 'update', type, namespace, name, body: object, ...preconditions } as const;
    return this.#write(write, () => this.#options.cluster.update(type, object, options, call), call);
  }

  patch(at: ObjectAddress, patch: Patch, options: UpdateOptions, call: Call): Promise<KubeObject> {
    const body: unknown = patch.kind === 'json' ? patch.operations : patch.body;
    const metadata = patch.kind === 'json' ? {} : ((patch.body as { readonly metadata?: object }).metadata ?? {});
    const { resourceVersion, uid } = metadata as Partial<Record<'resourceVersion' | 'uid', string>>;
    const { type, namespace = '', name } = at;
    const preconditions = { resourceVersion, uid, ...subresourceOf(options) };
    const write = { verb: 'patch', type, namespace, name, body, ...preconditions } as const;
    return this.#write(write, () => this.#options.cluster.patch(at, patch, options, call), call);
  }

  delete(at: ObjectAddress, options: DeleteOptions, call: Call): Promise<KubeObject> {
    const { type, namespace = '', name } = at;
    const { resourceVersion, uid } = options;
    const write = { verb: 'delete', type, namespace, name, body: options, resourceVersion, uid } as const;
    return this.#write(write, () => this.#options.cluster.delete(at, options, call), call);
  }

  async deleteCollection(type: ResourceType, query: ListQuery, options: DeleteOptions, call: Call): Promise<void> {
    const { namespace = '' } = query;
    const write = { verb: 'deleteCollection', type, namespace, name: '', body: query, ...noPrecondition } as const;
    await this.#write(write, () => this.#options.cluster.deleteCollection(type, query, options, call), call);
  }

  async evict(pod: ObjectAddress, options: DeleteOptions, call: Call): Promise<void> {
    const { namespace = '', name } = pod;
    const { resourceVersion, uid } = options;
    const type = resourceTypes.pod;
    const write = { verb: 'evict', type, namespace, name, body: options, resourceVersion, uid } as const;
    await this.#write(write, () => this.#options.cluster.evict(pod, options, call), call);
  }

  async *watch(type: ResourceType, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const refusal = this.#options.faults?.openWatch?.(type);
    if (refusal !== undefined) throw refusal;
    const both = AbortSignal.any([signal, this.#ending.signal]);
    for await (const event of this.#options.cluster.watch(type, query, both)) {
      if (!(await this.#isDelivered(type, event, both))) return;
      yield event;
    }
    if (this.isEnded) await neverSettles();
  }

  /** False when the watch is closed instead. */
  async #isDelivered(type: ResourceType, event: WatchEvent, signal: AbortSignal): Promise<boolean> {
    const fault = this.#options.faults?.watchEvent?.(type, event);
    if (fault?.kind === 'hold') await sleep(this.clock, fault.holdMs, signal).catch(() => undefined);
    if (this.isEnded) await neverSettles();
    return fault?.kind !== 'close';
  }

  async #read<T>(perform: () => Promise<T>): Promise<T> {
    if (this.isEnded) return neverSettles();
    const refusal = this.#options.faults?.read?.();
    if (refusal !== undefined) return this.#answer(Promise.reject(refusal));
    return this.#answer(perform());
  }

  async #write<T>(write: Write, perform: () => Promise<T>, { signal }: Call): Promise<T> {
    if (this.isEnded) return neverSettles();
    const { writer, time, faults, nextNumber, onSend, onAnswer } = this.#options;
    const intent = this.intent === undefined ? {} : { intent: this.intent };
    const call: SentCall = { ...write, ...intent, writer, number: nextNumber(), atMs: time.nowMs };
    onSend(call);
    const fault = faults?.call?.(call);
    const performed = (): Promise<T> => told(perform(), (object) => onAnswer(call, object));
    return fault === undefined ? await this.#answer(performed()) : this.#disturb(fault, performed, signal);
  }

  async #disturb<T>(fault: CallFault, perform: () => Promise<T>, signal: AbortSignal): Promise<T> {
    switch (fault.kind) {
      case 'crashBefore':
        return this.#crash();
      case 'refuse':
        return this.#answer(Promise.reject(fault.error));
      case 'late':
        return this.#answer(this.#giveUp(fault, perform, signal));
      case 'delay':
        await this.#answer(sleep(this.clock, fault.delayMs, signal).catch(() => undefined));
        return this.#answer(perform());
      case 'crashAfter':
        await this.#answer(perform());
        return this.#crash();
      case 'loseAnswer':
        await this.#answer(perform());
        throw fault.error;
    }
  }

  /** The cluster goes on with what it was sent, also when the process does not live to see it. */
  async #giveUp<T>(fault: LateCall, perform: () => Promise<T>, signal: AbortSignal): Promise<never> {
    const { time } = this.#options;
    // Nobody waits for the answer.
    time.at(time.nowMs + fault.giveUpMs + fault.lateMs, () => void perform().catch(() => undefined));
    await sleep(this.clock, fault.giveUpMs, signal).catch(() => undefined);
    throw fault.error;
  }

  /** A process dies once, however many of its calls were to kill it. */
  #crash(): Promise<never> {
    if (!this.isEnded) {
      this.end();
      this.#options.onCrash();
    }
    return neverSettles();
  }

  /** What a process that is gone waits for never comes. */
  async #answer<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      return this.isEnded ? await neverSettles() : value;
    } catch (error) {
      if (this.isEnded) return neverSettles();
      throw error;
    }
  }
}

const noPrecondition = { resourceVersion: undefined, uid: undefined } as const;

function subresourceOf({ subresource }: UpdateOptions): Pick<SentCall, 'subresource'> {
  return subresource === undefined ? {} : { subresource };
}

/** The world hears of an answer even when the process that asked does not live to hear it. */
async function told<T>(answer: Promise<T>, tell: (object: KubeObject | undefined) => void): Promise<T> {
  const value = await answer;
  tell(isObject(value) ? value : undefined);
  return value;
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'metadata' in value;
}
