import type { AnalysisRun } from '../../api/analysis-run.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode } from '../../base/error.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import type { SecretReference } from '../../providers/metrics/contract.ts';

/** The texts of a Secret that a metric may use. */
export interface MetricSecret {
  /** By key, without blanks around them. */
  readonly texts: Readonly<Record<string, string>>;
  /** Those that nobody may see. */
  readonly hidden: readonly string[];
}

/** Reads the Secret of a metric; fails with what is missing. Rejects when the cluster does not answer. */
export type ReadMetricSecret = (
  run: AnalysisRun,
  reference: SecretReference,
  signal: AbortSignal,
) => Promise<Result<MetricSecret, string>>;

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Secrets of the cluster. `ownNamespace` and `environment` are the controller's. */
export function readMetricSecrets(
  cluster: ClusterPort,
  ownNamespace: string,
  environment: Environment = {},
): ReadMetricSecret {
  return async (run, reference, signal) => {
    const { name, place } = reference;
    const variables = reference.environment;
    const given = variables && pick(reference, textsOf(variables, environment), 'the environment');
    if (given?.ok === true) return given;
    const namespace = place === 'run' ? (run.metadata.namespace ?? '') : ownNamespace;
    const shown = `the Secret "${name}" in the namespace "${namespace}"`;
    const secret = await cluster.get({ type: resourceTypes.secret, namespace, name }, { signal }).catch(asAbsence);
    if (typeof secret === 'string') return fail(`${shown} ${secret}`);
    return pick(reference, secretTexts(secret['data']), shown);
  };
}

function textsOf(variables: Readonly<Record<string, string>>, environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([key, variable]) => [key, environment[variable] ?? '']));
}

/** What is to be said of a Secret that cannot be had; other failures are the cluster's. */
function asAbsence(error: unknown): string {
  if (hasCode(error, 'NotFound')) return 'does not exist';
  if (hasCode(error, 'Forbidden')) return 'may not be read by the controller';
  throw error;
}

/** The texts of a Secret by key. */
export function secretTexts(data: unknown): Readonly<Record<string, string>> {
  // The API knows no other form.
  const entries = Object.entries((data ?? {}) as Readonly<Record<string, string>>);
  return Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]));
}

function pick(
  { required, optional = [], shown = [] }: SecretReference,
  all: Readonly<Record<string, string>>,
  secret: string,
): Result<MetricSecret, string> {
  const entries = [...required, ...optional].map((key) => [key, (all[key] ?? '').trim()] as const);
  const given = entries.filter(([, text]) => text !== '');
  const missing = required.filter((key) => !given.some(([name]) => name === key));
  if (missing.length > 0) return fail(`${secret} has no key ${missing.map((key) => `"${key}"`).join(', ')}`);
  const hidden = given.filter(([key]) => !shown.includes(key)).map(([, text]) => text);
  return succeed({ texts: Object.fromEntries(given), hidden });
}
