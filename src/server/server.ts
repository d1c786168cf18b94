import fastify, { type FastifyInstance, type FastifyRequest, type RouteOptions } from 'fastify';

import type { Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { Journal } from '../controller/journal.ts';
import type { Credential } from './credential.ts';
import { createDecisionBoard, type DecisionSource } from './decision-board.ts';
import { answerError } from './error-answer.ts';
import { guard } from './guard.ts';
import { openApi, type DocumentedRoute } from './open-api.ts';
import { registerAnalysisRuns } from './routes/analysis-runs.ts';
import { registerCommands } from './routes/commands.ts';
import { registerExperiments } from './routes/experiments.ts';
import { registerRollouts } from './routes/rollouts.ts';
import { registerRunCommands } from './routes/run-commands.ts';
import { registerWatches } from './routes/watches.ts';
import { serverLimits, type ServerLimits } from './server-limits.ts';

/** What the API serves from. It holds nothing of its own. */
export interface ServerOptions {
  readonly cluster: ClusterPort;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Who may call. Without any, nobody may. */
  readonly credentials: readonly Credential[];
  /** Where the controller notes its decisions. */
  readonly decisions?: DecisionSource;
  /** Version of Sluice. */
  readonly version: string;
  readonly limits?: Partial<ServerLimits>;
}

/** Makes the HTTP API. It does not listen yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { cluster, clock, log } = options;
  const limits = { ...serverLimits, ...options.limits };
  const decisions = options.decisions ?? createDecisionBoard();
  const server = fastify({
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    handlerTimeout: limits.answerTimeoutMs,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 253 },
    http: { maxHeaderSize: limits.headerBytesMax },
    // A value of the wrong type or an unknown field is told, not bent until it fits.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
  });
  server.removeContentTypeParser('text/plain');
  const routes = collectRoutes(server);
  guard(server, options.credentials, limits);
  answerErrors(server, log);
  registerRollouts(server, { cluster, clock, decisions, limits });
  registerAnalysisRuns(server, cluster);
  registerExperiments(server, cluster);
  registerWatches(server, { cluster, clock, decisions, limits, log });
  registerCommands(server, options);
  registerRunCommands(server, options);
  registerDocument(server, routes, options.version);
  return server;
}

/** Every route with its schemas, as they are registered. */
function collectRoutes(server: FastifyInstance): readonly DocumentedRoute[] {
  const routes: DocumentedRoute[] = [];
  server.addHook('onRoute', ({ method, url, config, schema }: RouteOptions) => {
    const { action = '', summary = '', streams = false } = config ?? {};
    routes.push({ method: [method].flat().join(), url, action, summary, streams, schema: schema ?? {} });
  });
  return routes;
}

function registerDocument(server: FastifyInstance, routes: readonly DocumentedRoute[], version: string): void {
  server.get('/api/v1/openapi.json', { config: { action: 'document.get', summary: 'This document' } }, (_, reply) =>
    reply.type('application/json').send(JSON.stringify(openApi(routes, version))),
  );
}

function answerErrors(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler((request) => {
    throw new SluiceError('NotFound', `there is no ${request.method} ${pathOf(request)}`);
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, body, isOurs } = answerError(error);
    const fields = { method: request.method, path: pathOf(request), status, error: messageOf(error) };
    if (isOurs)
      log.error({ ...fields, stack: error instanceof Error ? error.stack : undefined }, 'a request met a bug');
    else log.debug(fields, 'a request was refused');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(status).type('application/json').send(body);
  });
  server.addHook('onSend', (_, reply, payload) => {
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    return Promise.resolve(payload);
  });
}

/** Without the query, which may hold what is nobody's business. */
function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}
