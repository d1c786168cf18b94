import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { openEventStream, type EventStream } from '../event-stream.ts';
import { missingExperimentText } from '../read-experiment.ts';
import { missingText } from '../read-rollout.ts';
import { reportExperiment } from '../view/experiment-report.ts';
import { reportRollout } from '../view/rollout-report.ts';
import { watchExperiment } from '../watch-experiment.ts';
import { watchList, type ListedKind } from '../watch-list.ts';
import { watchOne, type FollowedKind } from '../watch-one.ts';
import { watchRollout, type RolloutWatchTools } from '../watch-rollout.ts';
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

  for (const { plural, title, list, one, missing } of watchedKinds(tools)) {
    server.get<{ Querystring: ListParameters }>(
      `/api/v1/watch/${plural}`,
      {
        config: {
          action: `${plural}.watch`,
          summary: `Watch ${title}s: events ${list.many}, ${list.one}, deleted, reset`,
          streams: true,
        },
        schema: { querystring: listQuery, response: { default: errorSchema } },
      },
      (request, reply) => {
        checkRoom();
        open(reply, (stream) => watchList(list, request.query.namespace, lastEventId(request), stream, tools));
      },
    );
    server.get<{ Params: ObjectPath }>(
      `/api/v1/watch/namespaces/:namespace/${plural}/:name`,
      {
        config: {
          action: `${plural}.watch`,
          summary: `Watch one ${title}: events ${one.event}, deleted, reset`,
          streams: true,
        },
        schema: { params: objectPath, response: { default: errorSchema } },
      },
      async (request, reply) => {
        checkRoom();
        const { params } = request;
        await tools.cluster.get({ type: list.type, ...params }, callOf(reply)).catch((error: unknown) => {
          throw hasCode(error, 'NotFound') ? new SluiceError('NotFound', missing(params)) : error;
        });
        open(reply, (stream) => watchOne(one, params, lastEventId(request), stream, tools));
        return reply;
      },
    );
  }
}

interface WatchedKind {
  readonly plural: 'rollouts' | 'experiments';
  readonly title: string;
  readonly list: ListedKind;
  readonly one: FollowedKind;
  readonly missing: (at: ObjectPath) => string;
}

function watchedKinds(tools: WatchRouteTools): readonly WatchedKind[] {
  const { rollout, experiment } = resourceTypes;
  return [
    {
      plural: 'rollouts',
      title: 'Rollout',
      list: { type: rollout, one: 'rollout', many: 'rollouts', report: (object) => reportRollout(object) },
      one: watchRollout(tools),
      missing: missingText,
    },
    {
      plural: 'experiments',
      title: 'Experiment',
      list: { type: experiment, one: 'experiment', many: 'experiments', report: (object) => reportExperiment(object) },
      one: watchExperiment(tools.cluster),
      missing: missingExperimentText,
    },
  ];
}

/** The last event that a client saw which comes back. */
function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
