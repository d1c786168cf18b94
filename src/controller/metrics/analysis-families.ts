import type { AnalysisTemplateSpec, Metric } from '../../api/analysis-template.ts';
import type { NamedView } from '../../cluster/object-index.ts';
import type { ObservedExperiment } from '../experiments/project-experiment.ts';
import type { ObservedRun } from '../project.ts';
import { gauge, type Labels, type MetricFamily } from './metric-family.ts';
import { analysisPhases, phaseFamily, type InPhase } from './phase-family.ts';

/** Types of metrics by the field that configures them; a plug-in has its own name. */
const metricTypes: Readonly<Record<string, string>> = {
  prometheus: 'Prometheus',
  job: 'Job',
  kayenta: 'Kayenta',
  web: 'WebMetric',
  datadog: 'Datadog',
  wavefront: 'Wavefront',
  newRelic: 'NewRelic',
  cloudWatch: 'CloudWatch',
  gcp: 'GCP',
  graphite: 'Graphite',
  influxdb: 'Influxdb',
  skywalking: 'SkyWalking',
};

interface RunMetric extends InPhase {
  readonly typeLabels: Labels;
}

/** How AnalysisRuns stand. Their metrics are told while they are under way: finished runs stay for long. */
export function analysisRunFamilies(runs: readonly ObservedRun[]): readonly MetricFamily[] {
  const metrics = runs.flatMap(metricsOf);
  return [
    ...infoFamilies('analysis_run', 'an AnalysisRun', runs),
    gauge(
      'analysis_run_metric_type',
      'What measures a metric of an AnalysisRun that is under way.',
      metrics.map(({ typeLabels }) => ({ labels: typeLabels, value: 1 })),
    ),
    phaseFamily(
      'analysis_run_metric_phase',
      'How a metric of an AnalysisRun stands that is under way.',
      analysisPhases,
      metrics,
    ),
  ];
}

/** What AnalysisTemplates and ClusterAnalysisTemplates there are, and what they measure with. */
export function analysisTemplateFamilies(
  templates: readonly NamedView<AnalysisTemplateSpec>[],
): readonly MetricFamily[] {
  return [
    gauge(
      'analysis_template_info',
      'An AnalysisTemplate, or without a namespace a ClusterAnalysisTemplate.',
      templates.map(({ namespace, name }) => ({ labels: { namespace, name }, value: 1 })),
    ),
    gauge(
      'analysis_template_metric_info',
      'What measures a metric of an AnalysisTemplate.',
      templates.flatMap(({ namespace, name, view }) =>
        readableMetrics(view).map((metric) => ({
          labels: { namespace, name, type: typeOf(metric), metric: metric.name },
          value: 1,
        })),
      ),
    ),
  ];
}

/** Templates were not validated: those of a wrong shape are left out. */
function readableMetrics({ metrics }: AnalysisTemplateSpec): readonly Metric[] {
  const isReadable = (metric: Partial<Metric> | null): boolean =>
    typeof metric?.name === 'string' && typeof metric.provider === 'object';
  return Array.isArray(metrics) ? metrics.filter(isReadable) : [];
}

/** How Experiments stand. */
export function experimentFamilies(experiments: readonly ObservedExperiment[]): readonly MetricFamily[] {
  return infoFamilies(
    'experiment',
    'an Experiment',
    experiments.map(({ namespace, name, status }) => ({ namespace, name, phase: status.phase ?? '' })),
  );
}

interface Standing {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
}

function infoFamilies(prefix: string, what: string, objects: readonly Standing[]): readonly MetricFamily[] {
  const standing = objects.map(({ namespace, name, phase }) => ({
    labels: { namespace, name },
    phase: phase === '' ? 'Pending' : phase,
  }));
  return [
    gauge(
      `${prefix}_info`,
      `How ${what} stands.`,
      standing.map(({ labels, phase }) => ({ labels: { ...labels, phase }, value: 1 })),
    ),
    phaseFamily(
      `${prefix}_phase`,
      `How ${what} stands; ${prefix}_info tells the same in fewer series.`,
      analysisPhases,
      standing,
    ),
  ];
}

function metricsOf({ namespace, name, run }: ObservedRun): readonly RunMetric[] {
  const results = new Map((run?.status?.metricResults ?? []).map((result) => [result.name, result]));
  return (run?.spec.metrics ?? []).map((metric) => {
    const { phase = '', dryRun = false } = results.get(metric.name) ?? {};
    const typeLabels = { namespace, name, metric: metric.name, type: typeOf(metric) };
    return { typeLabels, labels: { ...typeLabels, dry_run: String(dryRun) }, phase: phase === '' ? 'Pending' : phase };
  });
}

function typeOf({ provider }: Metric): string {
  const { plugin = {}, ...builtIn } = provider;
  const [field = ''] = Object.keys(builtIn);
  const [plugIn = 'Unknown Provider'] = Object.keys(plugin);
  return metricTypes[field] ?? (field === '' ? plugIn : field);
}
