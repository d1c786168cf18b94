import { resourceTypes } from '../../api/resource-types.ts';
import { errorCatalogue, type ErrorCode } from '../../base/error.ts';
import { Counter, Histogram, type Labels, type MetricFamily } from './metric-family.ts';

/** One request to the API server. */
export interface ApiReport {
  /** As RBAC calls it. */
  readonly verb: string;
  readonly resource: ApiSubject;
  readonly outcome: 'ok' | ErrorCode;
  readonly durationMs: number;
}

interface ApiSubject {
  readonly group: string;
  readonly plural: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Verbs as Argo Rollouts counts them. */
const verbs: Readonly<Record<string, string>> = {
  get: 'Get',
  list: 'List',
  watch: 'Watch',
  create: 'Create',
  update: 'Update',
  patch: 'Patch',
  delete: 'Delete',
  deletecollection: 'Delete',
};
/** Stands for the name of an object, as in Argo Rollouts. */
const anyName = 'N/A';
const rollouts = resourceTypes.rollout.plural;

/**
 * What requests to the API server tell: by Rollout as Argo Rollouts counts them, and by resource and outcome in our own
 * words. Other objects are not told apart: a series for each ReplicaSet there ever was would be too many.
 */
export class RequestFamilies {
  readonly #counts = new Counter({
    name: 'controller_clientset_k8s_request_total',
    help: 'Requests to the API server.',
  });
  readonly #outcomes = new Counter({
    name: 'sluice_api_requests_total',
    help: 'Requests to the API server by resource and outcome.',
  });
  readonly #seconds = new Histogram(
    { name: 'sluice_api_request_seconds', help: 'Seconds until the answer of the API server.' },
    requestBounds,
  );

  add({ verb, resource, outcome, durationMs }: ApiReport): void {
    const { group, plural, subresource, namespace = '', name = anyName } = resource;
    this.#counts.add({
      kind: plural,
      namespace,
      name: plural === rollouts ? name : anyName,
      verb: verbs[verb] ?? 'Unknown',
      status_code: String(statusOf(verb, outcome)),
    });
    const whole = `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
    this.#outcomes.add({ resource: whole, verb, outcome });
    if (verb !== 'watch') this.#seconds.observe({ verb }, durationMs / 1000);
  }

  /** Forgets Rollouts that are gone. */
  keep(isThere: (labels: Labels) => boolean): void {
    this.#counts.keep((labels) => labels['name'] === anyName || isThere(labels));
  }

  families(): readonly MetricFamily[] {
    return [this.#counts, this.#outcomes, this.#seconds];
  }
}

/** Where there was no answer, what stands for it in the catalogue of errors. */
function statusOf(verb: string, outcome: ApiReport['outcome']): number {
  if (outcome !== 'ok') return errorCatalogue[outcome].httpStatus;
  return verb === 'create' ? 201 : 200;
}
