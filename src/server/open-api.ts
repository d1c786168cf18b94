import { recordOf } from '../api/json-access.ts';

/** One route as the document needs it. */
export interface DocumentedRoute {
  readonly method: string;
  /** With parameters as `:name`. */
  readonly url: string;
  readonly summary: string;
  readonly action: string;
  /** It answers with server-sent events. */
  readonly streams: boolean;
  readonly schema: {
    readonly params?: unknown;
    readonly querystring?: unknown;
    readonly body?: unknown;
    readonly response?: unknown;
  };
}

/** Makes the OpenAPI 3.1 document of the API from the schemas by which its requests are checked. */
export function openApi(routes: readonly DocumentedRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes.toSorted((left, right) => left.url.localeCompare(right.url))) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sluice', version, description: 'Rollouts: what they do, why, and commands for them.' },
    security: [{ token: [] }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf({ method, url, summary, action, streams, schema }: DocumentedRoute): object {
  const { body, params, querystring, response } = schema;
  return {
    operationId: `${method.toLowerCase()}${url.replaceAll(/[^A-Za-z]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary,
    'x-action': action,
    parameters: [...parametersOf(params, 'path'), ...parametersOf(querystring, 'query')],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...(streams
        ? {
            200: {
              description: 'Server-sent events',
              content: { 'text/event-stream': { schema: { type: 'string' } } },
            },
          }
        : {}),
      ...responsesOf(response),
    },
  };
}

function parametersOf(schema: unknown, place: 'path' | 'query'): readonly object[] {
  const { properties, required } = recordOf(schema);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(recordOf(properties)).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || needed.includes(name),
    schema: property,
  }));
}

function responsesOf(response: unknown): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(recordOf(response)).map(([status, schema]) => [
      status,
      {
        description: status === 'default' ? 'What is wrong' : 'Success',
        content: { 'application/json': { schema } },
      },
    ]),
  );
}
