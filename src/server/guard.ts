import type { FastifyInstance, FastifyRequest } from 'fastify';

import { SluiceError } from '../base/error.ts';
import { authorise, type Action } from './authorise.ts';
import { authenticate, type Credential, type Identity } from './credential.ts';
import type { ServerLimits } from './server-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route does; a route without it is not registered. */
    action?: Action;
    /** One line for the API document. */
    summary?: string;
    /** The route answers with server-sent events. */
    streams?: boolean;
  }
  interface FastifyRequest {
    /** Who calls; set before any handler runs. */
    identity: Identity | null;
  }
}

/**
 * Puts the guards before every route, in this order: size, host and origin, authentication, authorisation, media type.
 * Nothing of a body is read before they have all let the request through, so its size is judged by what it announces,
 * and again while it is read.
 */
export function guard(server: FastifyInstance, credentials: readonly Credential[], limits: ServerLimits): void {
  server.decorateRequest('identity', null);
  server.addHook('onRoute', ({ config, url }) => {
    if (config?.action === undefined) throw new Error(`the route ${url} names no action that can be authorised`);
  });
  server.addHook('onRequest', async (request, reply) => {
    try {
      checkSize(request, limits);
      checkHost(request);
      checkOrigin(request);
      request.identity = identify(request, credentials);
      checkAction(request, request.identity);
      checkMediaType(request);
    } catch (error) {
      // What is left of the body is not wanted.
      if (hasBody(request)) reply.header('connection', 'close');
      throw error;
    }
  });
}

function checkSize({ headers, url }: FastifyRequest, { bodyBytesMax, urlCharactersMax }: ServerLimits): void {
  if (url.length > urlCharactersMax) {
    throw new SluiceError('TooLarge', `the URL has more than ${urlCharactersMax} characters`);
  }
  const announced = Number(headers['content-length'] ?? 0);
  if (announced > bodyBytesMax) {
    throw new SluiceError('TooLarge', `the body has ${announced} bytes; at most ${bodyBytesMax} are taken`);
  }
}

/** A name that only resolves to this machine by an attacker's doing must not reach the API. */
function checkHost(request: FastifyRequest): void {
  if (!isLoopback(request.host)) {
    throw new SluiceError('Forbidden', 'the API answers only under 127.0.0.1, ::1 or localhost');
  }
}

/** Pages of other sites have no business here. Clients other than browsers send none of these headers. */
function checkOrigin({ headers, host }: FastifyRequest): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = origin !== undefined && origin !== `http://${host}`;
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new SluiceError('Forbidden', 'requests from pages of another origin are refused');
  }
}

function isLoopback(host: string): boolean {
  return /^(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?$/i.test(host);
}

function identify({ headers }: FastifyRequest, credentials: readonly Credential[]): Identity {
  const identity = authenticate(headers.authorization, credentials);
  if (identity !== undefined) return identity;
  throw new SluiceError('Unauthorized', 'send the token of the API as "Authorization: Bearer …"');
}

function checkAction({ routeOptions, params }: FastifyRequest, identity: Identity): void {
  const { action } = routeOptions.config;
  if (action === undefined) return;
  const { namespace, name } = (params ?? {}) as { readonly namespace?: string; readonly name?: string };
  if (!authorise(identity, action, { namespace, name })) {
    throw new SluiceError('Forbidden', `${identity.name} may not do ${action}`);
  }
}

/** A form of another site can send text, but not JSON without asking first. */
function checkMediaType({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || /^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? '')) return;
  throw new SluiceError('UnsupportedMediaType', 'send application/json');
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
