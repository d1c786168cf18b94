import type { FastifyInstance } from 'fastify';

import { resourceTypes } from '../../api/resource-types.ts';
import { list, object, text } from '../../api/schema.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { listAll } from '../list-all.ts';
import { readExperiment } from '../read-experiment.ts';
import { experimentDetailSchema, reportExperimentDetail } from '../view/experiment-detail.ts';
import { experimentReportSchema, reportExperiment } from '../view/experiment-report.ts';
import { listQuery, objectPath, type ListParameters, type ObjectPath } from './parameters.ts';
import { scopeOf } from './rollouts.ts';

const experimentListSchema = object({ items: list(experimentReportSchema), resourceVersion: text }, {});

/** Registers reading of Experiments. */
export function registerExperiments(server: FastifyInstance, cluster: ClusterPort): void {
  server.get<{ Querystring: ListParameters }>(
    '/api/v1/experiments',
    {
      config: { action: 'experiments.list', summary: 'List Experiments, of all namespaces or of one' },
      schema: { querystring: listQuery, response: { 200: experimentListSchema, default: errorSchema } },
    },
    async ({ query }, reply) => {
      const { items, resourceVersion } = await listAll(
        cluster,
        resourceTypes.experiment,
        scopeOf(query),
        callOf(reply),
      );
      return { items: items.map((experiment) => reportExperiment(experiment)), resourceVersion };
    },
  );
  server.get<{ Params: ObjectPath }>(
    '/api/v1/namespaces/:namespace/experiments/:name',
    {
      config: { action: 'experiments.get', summary: 'One Experiment with its templates and analyses' },
      schema: { params: objectPath, response: { 200: experimentDetailSchema, default: errorSchema } },
    },
    async ({ params }, reply) => {
      const { objects } = await readExperiment(cluster, params, callOf(reply));
      return reportExperimentDetail(objects);
    },
  );
}
