import { Counter, Histogram, type Labels, type MetricFamily } from './metric-family.ts';
import { queueName } from './queue-families.ts';

/** One pass over a Rollout, an AnalysisRun or an Experiment. */
export interface PassReport {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'done' | 'retry' | 'quarantine';
  /** Since the news that it is about, or since it became due. */
  readonly waitedMs: number;
  readonly durationMs: number;
}

/** Bounds of a pass, in seconds, as Argo Rollouts has them. */
const passBounds = [0.01, 0.15, 0.25, 0.5, 1];
/** From what is too short to be felt to what is an outage. */
const latencyBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const prefixes: Readonly<Record<string, string>> = {
  Rollout: 'rollout',
  AnalysisRun: 'analysis_run',
  Experiment: 'experiment',
};

interface KindFamilies {
  readonly passes: Histogram;
  readonly errors: Counter;
}

/** What passes tell: how long they take by object, and how late they are by kind. */
export class PassFamilies {
  readonly #kinds: ReadonlyMap<string, KindFamilies>;
  readonly #waits: Histogram;
  readonly #durations: Histogram;
  readonly #latencies: Histogram;
  readonly #adds: Counter;
  readonly #retries: Counter;

  constructor() {
    this.#kinds = new Map(Object.entries(prefixes).map(([kind, prefix]) => [kind, kindFamilies(kind, prefix)]));
    this.#waits = new Histogram(
      { name: 'workqueue_queue_duration_seconds', help: 'Seconds that an object waits to be worked on.' },
      latencyBounds,
    );
    this.#durations = new Histogram(
      { name: 'workqueue_work_duration_seconds', help: 'Seconds that an object is worked on.' },
      latencyBounds,
    );
    this.#adds = new Counter({ name: 'workqueue_adds_total', help: 'Objects that were taken up to be worked on.' });
    this.#retries = new Counter({ name: 'workqueue_retries_total', help: 'Passes that are tried again.' });
    this.#latencies = new Histogram(
      {
        name: 'sluice_decision_latency_seconds',
        help: 'Seconds from news about an object until what was decided about them is carried out.',
      },
      latencyBounds,
    );
  }

  add({ kind, namespace, name, outcome, waitedMs, durationMs }: PassReport): void {
    const queue = { name: queueName(kind) };
    this.#adds.add(queue);
    this.#waits.observe(queue, waitedMs / 1000);
    this.#durations.observe(queue, durationMs / 1000);
    this.#latencies.observe({ kind }, (waitedMs + durationMs) / 1000);
    if (outcome !== 'done') this.#retries.add(queue);
    const families = this.#kinds.get(kind);
    families?.passes.observe({ namespace, name }, durationMs / 1000);
    if (outcome !== 'done') families?.errors.add({ namespace, name });
  }

  /** Forgets objects of a kind that are gone. */
  keep(kind: string, exists: (namespace: string, name: string) => boolean): void {
    const isWanted = ({ namespace = '', name = '' }: Labels): boolean => exists(namespace, name);
    const families = this.#kinds.get(kind);
    families?.passes.keep(isWanted);
    families?.errors.keep(isWanted);
  }

  families(): readonly MetricFamily[] {
    const byObject = [...this.#kinds.values()].flatMap(({ passes, errors }) => [passes, errors]);
    return [...byObject, this.#adds, this.#waits, this.#durations, this.#retries, this.#latencies];
  }
}

function kindFamilies(kind: string, prefix: string): KindFamilies {
  return {
    passes: new Histogram({ name: `${prefix}_reconcile`, help: `Seconds of a pass of one ${kind}.` }, passBounds),
    errors: new Counter({ name: `${prefix}_reconcile_error`, help: `Passes of one ${kind} that failed.` }),
  };
}
