import type { FastifyInstance } from 'fastify';

import { resourceTypes } from '../../api/resource-types.ts';
import { list, object, text } from '../../api/schema.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { listAll } from '../list-all.ts';
import { readRollout } from '../read-rollout.ts';
import { reportRolloutDetail, rolloutDetailSchema } from '../view/rollout-detail.ts';
import { reportRollout, rolloutReportSchema } from '../view/rollout-report.ts';
import type { RolloutWatchTools } from '../watch-rollout.ts';
import { listQuery, objectPath, type ListParameters, type ObjectPath } from './parameters.ts';

const rolloutListSchema = object({ items: list(rolloutReportSchema), resourceVersion: text }, {});

/** Registers reading of Rollouts. */
export function registerRollouts(server: FastifyInstance, tools: RolloutWatchTools): void {
  const { cluster, clock, decisions } = tools;
  server.get<{ Querystring: ListParameters }>(
    '/api/v1/rollouts',
    {
      config: { action: 'rollouts.list', summary: 'List Rollouts, of all namespaces or of one' },
      schema: { querystring: listQuery, response: { 200: rolloutListSchema, default: errorSchema } },
    },
    async ({ query }, reply) => {
      const { items, resourceVersion } = await listAll(cluster, resourceTypes.rollout, scopeOf(query), callOf(reply));
      return { items: items.map((item) => reportRollout(item)), resourceVersion };
    },
  );
  server.get<{ Params: ObjectPath }>(
    '/api/v1/namespaces/:namespace/rollouts/:name',
    {
      config: { action: 'rollouts.get', summary: 'Everything about one Rollout' },
      schema: { params: objectPath, response: { 200: rolloutDetailSchema, default: errorSchema } },
    },
    async ({ params }, reply) => {
      const { objects } = await readRollout(cluster, params, callOf(reply));
      return reportRolloutDetail(objects, decisions.latest(params), clock.now());
    },
  );
}

/** The namespace of a list, if it asks for one. */
export function scopeOf({ namespace }: ListParameters): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
