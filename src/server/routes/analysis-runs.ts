import type { FastifyInstance } from 'fastify';

import { resourceTypes } from '../../api/resource-types.ts';
import { list, object, text } from '../../api/schema.ts';
import { hasCode, SluiceError } from '../../base/error.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { listAll } from '../list-all.ts';
import { analysisRunReportSchema, reportAnalysisRun } from '../view/analysis-run-report.ts';
import { listQuery, objectPath, type ListParameters, type ObjectPath } from './parameters.ts';
import { scopeOf } from './rollouts.ts';

const runListSchema = object({ items: list(analysisRunReportSchema), resourceVersion: text }, {});

/** Registers reading of AnalysisRuns. */
export function registerAnalysisRuns(server: FastifyInstance, cluster: ClusterPort): void {
  server.get<{ Querystring: ListParameters }>(
    '/api/v1/analysisruns',
    {
      config: { action: 'analysisruns.list', summary: 'List AnalysisRuns, of all namespaces or of one' },
      schema: { querystring: listQuery, response: { 200: runListSchema, default: errorSchema } },
    },
    async ({ query }, reply) => {
      const { items, resourceVersion } = await listAll(
        cluster,
        resourceTypes.analysisRun,
        scopeOf(query),
        callOf(reply),
      );
      return { items: items.map(reportAnalysisRun), resourceVersion };
    },
  );
  server.get<{ Params: ObjectPath }>(
    '/api/v1/namespaces/:namespace/analysisruns/:name',
    {
      config: { action: 'analysisruns.get', summary: 'One AnalysisRun with its evidence' },
      schema: { params: objectPath, response: { 200: analysisRunReportSchema, default: errorSchema } },
    },
    async ({ params }, reply) => {
      const { namespace, name } = params;
      const at = { type: resourceTypes.analysisRun, namespace, name };
      const run = await cluster.get(at, callOf(reply)).catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) throw error;
        throw new SluiceError('NotFound', `there is no AnalysisRun ${name} in namespace ${namespace}`);
      });
      return reportAnalysisRun(run);
    },
  );
}
