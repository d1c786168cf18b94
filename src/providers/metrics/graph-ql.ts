import { listOf, recordOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { MetricOutcome } from './contract.ts';
import type { QueryAnswer } from './query-provider.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';

/** The body of a GraphQL request over HTTP (GraphQL over HTTP, "JSON encoding"). */
export function graphQlBody(query: string, variables: Json): string {
  return JSON.stringify({ query, variables });
}

/**
 * The data of a GraphQL answer, null when there is none (GraphQL specification, "Response format"). Fails with the
 * messages of its errors, even when there is some data beside them.
 */
export function graphQlData(title: string, { status, body }: QueryAnswer): Result<Json, MetricOutcome> {
  const answer = recordOf(jsonOf(body));
  const errors = listOf(answer['errors']);
  const words = vendorWords(...errors.map((error) => recordOf(error)['message']));
  if (!isSuccess(status)) return fail(refusal(title, status, words));
  if (errors.length > 0)
    return fail(badAnswer(`${title} refuses the query: ${words === '' ? 'no reason given' : words}`));
  if (!('data' in answer)) return fail(badAnswer(`${title} did not answer with data`));
  // It comes from a JSON document.
  return succeed(answer['data'] as Json);
}
