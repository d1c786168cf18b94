import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { openEventStream, type EventStream } from '../event-stream.ts';
import { missingText } from '../read-rollout.ts';
import { watchRollout, type RolloutWatchTools } from '../watch-rollout.ts';
import { watchRollouts } from '../watch-rollouts.ts';
import { listQuery, objectPath, type ListParameters, type ObjectPath } from './parameters.ts';

/** What watches are served with. */
export interface WatchRouteTools extends RolloutWatchTools {
  readonly log: Log;
}

/** Registers watching by server-sent events. */
export function registerWatches(server: FastifyInstance, tools: WatchRouteTools): void {
  const closing = new AbortController();
  let watchers = 0;
  server.addHook('preClose', () => {
    closing.abort();
    return Promise.resolve();
  });

  function open(reply: FastifyReply, watch: (stream: EventStream) => Promise<void>): void {
    watchers += 1;
    reply.hijack();
    const stream = openEventStream(reply.raw, tools.clock, tools.limits, closing.signal);
    watch(stream)
      .catch((error: unknown) => {
        if (stream.signal.aborted) return;
        tools.log.warn({ error: messageOf(error) }, 'a watch ended early');
      })
      .finally(() => {
        watchers -= 1;
        stream.end();
      });
  }

  function checkRoom(): void {
    const { watchersMax } = tools.limits;
    if (watchers < watchersMax) return;
    throw new SluiceError('TooManyRequests', `${watchersMax} clients watch already; close one of them`);
  }

  server.get<{ Querystring: ListParameters }>(
    '/api/v1/watch/rollouts',
    {
      config: {
        action: 'rollouts.watch',
        summary: 'Watch Rollouts: events rollouts, rollout, deleted, reset',
        streams: true,
      },
      schema: { querystring: listQuery, response: { default: errorSchema } },
    },
    (request, reply) => {
      checkRoom();
      open(reply, (stream) => watchRollouts(request.query.namespace, lastEventId(request), stream, tools));
    },
  );
  server.get<{ Params: ObjectPath }>(
    '/api/v1/watch/namespaces/:namespace/rollouts/:name',
    {
      config: {
        action: 'rollouts.watch',
        summary: 'Watch one Rollout: events rollout, deleted, reset',
        streams: true,
      },
      schema: { params: objectPath, response: { default: errorSchema } },
    },
    async (request, reply) => {
      checkRoom();
      const { params } = request;
      await tools.cluster.get({ type: resourceTypes.rollout, ...params }, callOf(reply)).catch((error: unknown) => {
        throw hasCode(error, 'NotFound') ? new SluiceError('NotFound', missingText(params)) : error;
      });
      open(reply, (stream) => watchRollout(params, lastEventId(request), stream, tools));
      return reply;
    },
  );
}

/** The last event that a client saw which comes back. */
function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
