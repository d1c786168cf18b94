import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import { unreachable } from '../../../base/invariant.ts';
import type { BackendChooser } from './backend-chooser.ts';
import type { BackendLookup } from './backend-lookup.ts';
import type { BackendState, EndpointTable, PodEndpoint } from './endpoint-table.ts';
import { flatten, passOn, type Exchange, type ExchangeOutcome } from './exchange.ts';
import { upstreamHeaders } from './forwarded-headers.ts';
import { mirrorRequest } from './mirror-request.ts';
import { modifyHeaders, modifyPath, redirectLocation, type HeaderPair } from './request-filter.ts';
import type { RoutedRequest } from './request-match.ts';
import type { RequestOutcome, RequestRecord } from './request-record.ts';
import type { FoundRule, RuleBackend } from './route-table.ts';
import type { ConnectOutcome, UpstreamHead, UpstreamPool } from './upstream-pool.ts';

/** What handling a request needs. `find` answers from the newest routes. */
export interface GatewayContext {
  readonly clock: Clock;
  /** Resolves when routes and pods are known. Until then requests wait instead of being refused. */
  readonly ready: Promise<void>;
  readonly find: (request: RoutedRequest) => FoundRule | undefined;
  readonly endpoints: EndpointTable;
  readonly lookup: BackendLookup;
  readonly chooser: BackendChooser;
  readonly pool: UpstreamPool;
  readonly listenPort: number;
  readonly headTimeoutMs: number;
  readonly record: (record: RequestRecord) => void;
}

/** What is known so far about a request, for its record. */
interface Trace {
  route: string;
  backend: string;
  endpoint: PodEndpoint | undefined;
}

/** Status in the record of a request whose client left; nobody receives it. */
const clientGoneStatus = 499;

/** Routes one request, passes it on, answers it, and records what became of it. Never rejects. */
export async function handleRequest(exchange: Exchange, context: GatewayContext): Promise<void> {
  const { clock } = context;
  const startedAt = clock.now();
  const since = clock.monotonic();
  const request = routedRequest(exchange);
  const trace: Trace = { route: '', backend: '', endpoint: undefined };
  let answer: Answer;
  try {
    await context.ready;
    answer = await respond(exchange, request, trace, context);
  } catch (error) {
    answer = say(exchange, 500, 'misrouted', `the gateway cannot handle this request: ${messageOf(error)}`);
  }
  context.record({
    startedAt,
    durationMs: clock.monotonic() - since,
    method: request.method,
    host: request.host,
    path: request.path,
    route: trace.route,
    backend: trace.backend,
    pod: trace.endpoint?.pod ?? '',
    revision: trace.endpoint?.revision ?? '',
    ...answer,
    isMirror: false,
  });
}

interface Answer {
  readonly status: number;
  readonly outcome: RequestOutcome;
}

async function respond(
  exchange: Exchange,
  request: RoutedRequest,
  trace: Trace,
  context: GatewayContext,
): Promise<Answer> {
  const found = context.find(request);
  if (found === undefined) {
    return say(exchange, 404, 'unrouted', `no HTTPRoute matches ${request.method} ${request.host}${request.path}`);
  }
  trace.route = `${found.rule.namespace}/${found.rule.route}`;
  if (found.rule.filters.redirect !== undefined) return redirect(exchange, found, context.listenPort);
  const choice = await chooseBackend(found, request, context);
  if (choice.kind === 'none') return say(exchange, choice.status, choice.outcome, choice.message);
  trace.route = `${choice.found.rule.namespace}/${choice.found.rule.route}`;
  trace.backend = choice.target.name;
  startMirrors(exchange, choice.found, context);
  return sendToOne(exchange, choice, trace, context);
}

type BackendChoice =
  | {
      readonly kind: 'chosen';
      readonly found: FoundRule;
      readonly backend: RuleBackend;
      readonly target: ServiceTarget;
      readonly endpoints: readonly PodEndpoint[];
    }
  | { readonly kind: 'none'; readonly status: number; readonly outcome: RequestOutcome; readonly message: string };

type ServiceTarget = Extract<RuleBackend['target'], { kind: 'service' }>;

/**
 * Takes the backend whose turn it is. When it has no ready pod, or does not exist, the store is asked once more; only a
 * change of the rule's weights leads to another backend, so that a share without pods stays a share without pods.
 */
async function chooseBackend(
  found: FoundRule,
  request: RoutedRequest,
  context: GatewayContext,
): Promise<BackendChoice> {
  const first = pick(found, context);
  if (first.kind === 'none') return first;
  if (hasReady(first.state, context)) return chosen(first, first.state);
  const { namespace, route: name } = found.rule;
  const fresh = await context.lookup.read({ namespace, name }, first.target);
  const foundAgain = context.find(request) ?? found;
  if (isSameSpread(foundAgain, found)) return chosen({ ...first, found: foundAgain }, fresh);
  const second = pick(foundAgain, context);
  return second.kind === 'none' ? second : chosen(second, second.state);
}

type Pick =
  | {
      readonly kind: 'picked';
      readonly found: FoundRule;
      readonly backend: RuleBackend;
      readonly target: ServiceTarget;
      readonly state: BackendState;
    }
  | Extract<BackendChoice, { kind: 'none' }>;

function pick(found: FoundRule, { chooser, endpoints }: GatewayContext): Pick {
  const backend = chooser.next(found.rule);
  if (backend === undefined) {
    return { kind: 'none', status: 500, outcome: 'misrouted', message: 'the rule has no backend with a weight' };
  }
  const { target } = backend;
  if (target.kind === 'invalid') return { kind: 'none', status: 500, outcome: 'misrouted', message: target.message };
  return { kind: 'picked', found, backend, target, state: endpoints.find(target) };
}

function chosen(picked: Extract<Pick, { kind: 'picked' }>, state: BackendState): BackendChoice {
  const { found, backend, target } = picked;
  if (state.kind === 'missing') return { kind: 'none', status: 500, outcome: 'misrouted', message: state.message };
  return { kind: 'chosen', found, backend, target, endpoints: state.endpoints };
}

function hasReady(state: BackendState, { pool }: GatewayContext): boolean {
  return state.kind === 'ready' && state.endpoints.some((endpoint) => !pool.isDraining(endpoint));
}

function isSameSpread(left: FoundRule, right: FoundRule): boolean {
  const text = ({ rule }: FoundRule): string =>
    JSON.stringify([rule.key, rule.backends.map(({ target, weight }) => [target, weight])]);
  return left === right || text(left) === text(right);
}

/**
 * Tries the pods of the backend in turn until one takes the connection. A pod that refuses it has seen nothing of the
 * request, so the next one may be tried; once connected, the request is sent exactly once.
 */
async function sendToOne(
  exchange: Exchange,
  choice: Extract<BackendChoice, { kind: 'chosen' }>,
  trace: Trace,
  context: GatewayContext,
): Promise<Answer> {
  const { pool } = context;
  const head = upstreamHead(exchange, choice);
  let refusal = `Service "${choice.target.name}" has no ready pod`;
  for (const endpoint of inTurn(choice, context)) {
    // It may have begun to go away while another one was tried.
    if (pool.isDraining(endpoint)) continue;
    trace.endpoint = endpoint;
    const end = pool.begin(endpoint);
    try {
      const connection = await pool.connect(endpoint, head, exchange.signal);
      if (exchange.signal.aborted) return { status: clientGoneStatus, outcome: 'client-gone' };
      const outcome = await passOnWhenConnected(connection, exchange, choice, { ...context, onJoined: end });
      if (outcome.kind !== 'unsent') return conclude(exchange, outcome, endpoint);
      refusal = `pod "${endpoint.pod}" at ${endpoint.address}:${endpoint.port} cannot be reached: ${outcome.message}`;
    } finally {
      end();
    }
  }
  trace.endpoint = undefined;
  return say(exchange, 503, 'no-pod', refusal);
}

async function passOnWhenConnected(
  connection: ConnectOutcome,
  exchange: Exchange,
  { found, backend }: Extract<BackendChoice, { kind: 'chosen' }>,
  { clock, headTimeoutMs, onJoined }: GatewayContext & { readonly onJoined: () => void },
): Promise<ExchangeOutcome> {
  if (connection.kind === 'unreachable') return { kind: 'unsent', message: connection.message };
  return passOn(connection.request, exchange, {
    clock,
    headTimeoutMs,
    // A WebSocket can stay for days: a pod that is drained does not wait for it.
    onJoined,
    requestTimeoutMs: found.rule.requestTimeoutMs,
    responseHeaders: [...found.rule.filters.responseHeaders, ...backend.filters.responseHeaders],
  });
}

/** The pods in the order in which they are to be tried: each request starts one further; suspects come last. */
function inTurn(
  { target, endpoints }: { readonly target: ServiceTarget; readonly endpoints: readonly PodEndpoint[] },
  { pool }: GatewayContext,
): readonly PodEndpoint[] {
  const start = pool.nextTurn(`${target.namespace}/${target.name}:${target.port}`) % Math.max(endpoints.length, 1);
  const turned = [...endpoints.slice(start), ...endpoints.slice(0, start)];
  return turned.toSorted((left, right) => Number(pool.isSuspect(left)) - Number(pool.isSuspect(right)));
}

function upstreamHead(
  exchange: Exchange,
  { found, backend }: { found: FoundRule; backend: RuleBackend },
): UpstreamHead {
  const { incoming, upgrade } = exchange;
  const { requestHeaders, rewrite } = found.rule.filters;
  const modifiers = [...requestHeaders, ...backend.filters.requestHeaders];
  let headers: readonly HeaderPair[] = modifyHeaders(upstreamHeaders(incoming, upgrade !== undefined), modifiers);
  if (rewrite?.hostname !== undefined) {
    headers = modifyHeaders(headers, [{ set: [{ name: 'Host', value: rewrite.hostname }] }]);
  }
  return {
    method: incoming.method ?? 'GET',
    path: modifyPath(pathAndQuery(incoming), rewrite?.path, found.pathPrefix),
    headers: flatten(headers),
  };
}

function startMirrors(exchange: Exchange, found: FoundRule, context: GatewayContext): void {
  for (const [index, { target }] of found.rule.filters.mirrors.entries()) {
    if (target.kind !== 'service' || !context.chooser.nextIsMirrored(found.rule, index)) continue;
    const state = context.endpoints.find(target);
    if (state.kind === 'missing') continue;
    const endpoint = inTurn({ target, endpoints: state.endpoints }, context).find(
      (pod) => !context.pool.isDraining(pod),
    );
    if (endpoint === undefined) continue;
    const head = upstreamHead(exchange, { found, backend: { target, weight: 0, filters: noFilters } });
    const route = `${found.rule.namespace}/${found.rule.route}`;
    mirrorRequest({ exchange, head, endpoint, route, backend: target.name, context });
  }
}

const noFilters = { requestHeaders: [], responseHeaders: [], redirect: undefined, rewrite: undefined, mirrors: [] };

function conclude(exchange: Exchange, outcome: Exclude<ExchangeOutcome, { kind: 'unsent' }>, pod: PodEndpoint): Answer {
  const where = `pod "${pod.pod}" at ${pod.address}:${pod.port}`;
  switch (outcome.kind) {
    case 'answered':
      return { status: outcome.status, outcome: 'answered' };
    case 'failed':
      return say(exchange, 502, 'pod-failed', `${where} broke off before it answered: ${outcome.message}`);
    case 'timeout':
      if (outcome.status === undefined) return say(exchange, 504, 'pod-failed', `${where} did not answer in time`);
      exchange.outgoing.destroy();
      return { status: outcome.status, outcome: 'pod-failed' };
    case 'broken':
      exchange.outgoing.destroy();
      return { status: outcome.status, outcome: 'pod-failed' };
    case 'client-gone':
      return { status: clientGoneStatus, outcome: 'client-gone' };
    default:
      return unreachable(outcome);
  }
}

/** Answers in the gateway's own name. */
function say({ outgoing }: Exchange, status: number, outcome: RequestOutcome, message: string): Answer {
  if (outgoing.headersSent) outgoing.destroy();
  else {
    outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-sluice-gateway': outcome });
    outgoing.end(`${message}\n`);
  }
  return { status, outcome };
}

function redirect({ incoming, outgoing }: Exchange, { rule, pathPrefix }: FoundRule, listenPort: number): Answer {
  const wanted = rule.filters.redirect ?? {};
  const { host, port } = splitHost(incoming.headers.host ?? '');
  const location = redirectLocation(wanted, {
    host,
    port: port ?? listenPort,
    pathAndQuery: pathAndQuery(incoming),
    prefix: pathPrefix,
  });
  const status = wanted.statusCode ?? 302;
  outgoing.writeHead(status, { location });
  outgoing.end();
  return { status, outcome: 'redirected' };
}

function routedRequest({ incoming }: Exchange): RoutedRequest {
  const url = pathAndQuery(incoming);
  const queryAt = url.indexOf('?');
  return {
    host: splitHost(incoming.headers.host ?? '').host,
    method: incoming.method ?? 'GET',
    path: queryAt < 0 ? url : url.slice(0, queryAt),
    query: new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1)),
    headers: incoming.headers,
  };
}

/** The target of a request; a client that takes us for its proxy sends a whole URL. */
function pathAndQuery({ url = '/' }: Exchange['incoming']): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/^(?![/*])/, '/');
}

function splitHost(header: string): { readonly host: string; readonly port: number | undefined } {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(header.toLowerCase());
  return { host: parts?.[1] ?? '', port: parts?.[2] === undefined ? undefined : Number(parts[2]) };
}
