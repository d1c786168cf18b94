import type { AnalysisRun } from '../../api/analysis-run.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { AnyMetricProvider, MeasurementMetadata } from '../../providers/metrics/contract.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { ObservedRun } from '../project.ts';

/** What is needed to look earlier runs up. */
export interface EarlierRunsTools {
  readonly cluster: Pick<ClusterPort, 'get'>;
  readonly view: Pick<ClusterView, 'analysisRuns'>;
  readonly metricProviders: Readonly<Record<string, AnyMetricProvider>>;
}

/** Finished runs of the same owner that are looked at, the newest first. */
const runsMax = 3;

type KeptByMetric = ReadonlyMap<string, MeasurementMetadata>;

/**
 * What earlier runs of the same owner kept of metrics whose providers learn from one run to the next. Finished runs are
 * not held in memory, so those few are read once when a run is first seen. One that cannot be read costs what it knew.
 */
export class EarlierRuns {
  readonly #tools: EarlierRunsTools;
  readonly #kept = new Map<string, KeptByMetric>();

  constructor(tools: EarlierRunsTools) {
    this.#tools = tools;
  }

  /** Reads what there is for a run, once. */
  async read({ uid, owner, run, completedAt }: ObservedRun, signal: AbortSignal): Promise<void> {
    if (this.#kept.has(uid) || run === undefined || owner === undefined || completedAt !== undefined) return;
    const names = this.#learningMetrics(run);
    const kept = new Map<string, MeasurementMetadata>();
    for (const earlier of names.length === 0 ? [] : this.#finished(owner, uid)) {
      const found = await this.#metadataOf(earlier, signal);
      for (const name of names) {
        const metadata = found.get(name);
        if (metadata !== undefined && !kept.has(name)) kept.set(name, metadata);
      }
      if (kept.size === names.length) break;
    }
    this.#kept.set(uid, kept);
  }

  /** What the last run with this metric kept of it. */
  of(uid: string, metric: string): MeasurementMetadata | undefined {
    return this.#kept.get(uid)?.get(metric);
  }

  forget(uid: string): void {
    this.#kept.delete(uid);
  }

  #learningMetrics({ spec }: AnalysisRun): readonly string[] {
    const learning = Object.values(this.#tools.metricProviders).filter(({ learns }) => learns === true);
    return (spec.metrics ?? [])
      .filter(({ provider }) => {
        const plugins: Readonly<Record<string, unknown>> = provider.plugin ?? {};
        return learning.some(({ name, plugin }) => Object.hasOwn(plugin ? plugins : provider, name));
      })
      .map(({ name }) => name);
  }

  #finished(owner: string, uid: string): readonly ObservedRun[] {
    return this.#tools.view.analysisRuns
      .ownedBy(owner)
      .filter((run) => run.uid !== uid && run.completedAt !== undefined)
      .sort((first, second) => (second.completedAt ?? 0) - (first.completedAt ?? 0))
      .slice(0, runsMax);
  }

  async #metadataOf({ namespace, name }: ObservedRun, signal: AbortSignal): Promise<KeptByMetric> {
    const type = resourceTypes.analysisRun;
    const object = await this.#tools.cluster.get({ type, namespace, name }, { signal }).catch(() => undefined);
    const { status } = (object ?? {}) as unknown as Partial<AnalysisRun>;
    const results = status?.metricResults ?? [];
    return new Map(results.flatMap(({ name, metadata }) => (metadata === undefined ? [] : [[name, metadata]])));
  }
}
