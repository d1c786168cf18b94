import type { FieldErrors } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import { anyObject, list, object, stringEnum, text } from '../../api/schema.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricProvider, MetricRequest, PrometheusRequest } from './contract.ts';
import { sampleLimitsDefault as usual, type SampleLimits } from './sample-doubt.ts';

/** How a metric ends when no source can be used. None of them lets a release pass. */
export type Consequence = (typeof consequences)[number];

const consequences = ['error', 'inconclusive', 'failed'] as const;
const revisionMeanings = ['hash', 'podName'] as const;

/** Schema of `sluice.dev/sources`. */
export const sourcesSchema = object(
  {},
  {
    sources: list(anyObject),
    onNoData: stringEnum(consequences),
    onOutage: stringEnum(consequences),
    sampleAgeMax: text,
    clockDifferenceMax: text,
    revision: object({}, { label: text, holds: stringEnum(revisionMeanings) }),
  },
);

/** A provider that can be a source: it answers at once, over HTTP. */
export type SourceProvider = MetricProvider<unknown, unknown, MetricRequest | PrometheusRequest>;

/** A source with its configuration. */
export interface Source {
  readonly name: string;
  readonly provider: SourceProvider;
  readonly config: unknown;
}

/** The configuration with defaults filled in. */
export interface SourcesConfig extends SampleLimits {
  /** In the order in which they are asked. */
  readonly sources: readonly Source[];
  readonly onNoData: Consequence;
  readonly onOutage: Consequence;
  /** Which label of a series tells its revision, and how. */
  readonly revision: { readonly label: string; readonly holds: (typeof revisionMeanings)[number] } | undefined;
}

/** So many rounds of each are below the limit of rounds in a row, tokens included. */
const sourcesMax = 2;
const dayMs = 24 * 3_600_000;

/** Reads a configuration. `known` are the providers that may be sources. */
export function parseSourcesConfig(
  configuration: Json,
  known: Readonly<Record<string, SourceProvider>>,
): Result<SourcesConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const items = fields.items('sources');
  if (items.length === 0 || items.length > sourcesMax) fields.refuse('sources', `give 1 or ${sourcesMax} sources`);
  const sources = items.flatMap((item) => readSource(item, known) ?? []);
  const onNoData = fields.choice('onNoData', consequences, 'error');
  const onOutage = fields.choice('onOutage', consequences, 'error');
  const sampleAgeMaxMs = fields.duration('sampleAgeMax', {
    minMs: 1000,
    maxMs: 366 * dayMs,
    initialMs: usual.sampleAgeMaxMs,
  });
  const clockRange = { minMs: 1000, maxMs: dayMs, initialMs: usual.clockDifferenceMaxMs };
  const clockDifferenceMaxMs = fields.duration('clockDifferenceMax', clockRange);
  const revision = readRevision(fields);
  for (const { name, provider } of sources) {
    // What cannot be seen must not look as if it were watched.
    const silent = ['sampleAgeMax', 'revision'].find((field) => fields.has(field) && provider.origin === undefined);
    if (silent !== undefined)
      fields.refuse(silent, `${name} tells neither times nor labels of its samples; leave it out`);
  }
  const errors = fields.errors();
  if (errors.length > 0) return fail(errors);
  return succeed({ sources, onNoData, onOutage, sampleAgeMaxMs, clockDifferenceMaxMs, revision });
}

function readSource(item: ConfigReader, known: Readonly<Record<string, SourceProvider>>): Source | undefined {
  const isPlugin = item.has('plugin');
  const fields = isPlugin ? item.nested('plugin') : item;
  const candidates = Object.values(known).filter(({ plugin }) => plugin === isPlugin);
  const [provider, another] = candidates.filter(({ name }) => fields.has(name));
  if (provider === undefined || another !== undefined) {
    const names = candidates.map(({ name }) => name).join(', ');
    item.refuse(
      isPlugin ? 'plugin' : 'provider',
      `give exactly one of ${names === '' ? 'those that are known' : names}`,
    );
    return undefined;
  }
  const { name } = provider;
  const config = provider.parse(fields.json(name) ?? null);
  if (config.ok) return { name, provider, config: config.value };
  const inside = fields.nested(name);
  for (const { field, detail } of config.error) inside.refuse(field, detail);
  return undefined;
}

function readRevision(fields: ConfigReader): SourcesConfig['revision'] {
  if (!fields.has('revision')) return undefined;
  const revision = fields.nested('revision');
  const label = revision.text('label', '').trim();
  if (label === '')
    revision.refuse('label', 'give the label that tells the revision, such as "rollouts_pod_template_hash"');
  return { label, holds: revision.choice('holds', revisionMeanings, 'hash') };
}
