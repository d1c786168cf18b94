import type { HeaderMatch } from '../../api/canary-step.ts';
import { listOf, numberOf, recordOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { HeaderRoute } from '../../api/traffic.ts';
import type { RouterSubject } from './contract.ts';
import { controllerReference } from './ingress.ts';

/**
 * The ApisixRoute of a header route: the rules that carry the traffic with the headers as further conditions, a higher
 * priority, and the canary alone behind them. Labels and annotations are those of the route that it is made from.
 */
export function apisixHeaderRoute(
  { name, match }: HeaderRoute,
  base: KubeObject,
  mainRules: readonly JsonRecord[],
  subject: RouterSubject,
  present: KubeObject | undefined,
): KubeObject {
  const { labels, annotations } = base.metadata;
  const metadata = {
    name,
    namespace: subject.namespace,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ownerReferences: [controllerReference(subject)],
  };
  const http = mainRules.map((rule) => headerRule(rule, match, subject));
  return {
    ...(present ?? { apiVersion: base.apiVersion, kind: base.kind, metadata }),
    spec: { ...recordOf(base['spec']), http },
  };
}

function headerRule(rule: JsonRecord, headers: readonly HeaderMatch[], { canaryService }: RouterSubject): JsonRecord {
  const match = recordOf(rule['match']);
  const backends = listOf(rule['backends']).map(recordOf);
  const canary = recordOf(backends.find(({ serviceName }) => serviceName === canaryService));
  return {
    ...rule,
    priority: (numberOf(rule['priority']) ?? 0) + 1,
    match: { ...match, exprs: [...listOf(match['exprs']), ...headers.flatMap(expressionsOf)] },
    backends: [{ ...canary, weight: 100 }],
  };
}

/** APISIX knows no prefix: it becomes a regular expression from the start of the value. */
function expressionsOf({ headerName: name, headerValue }: HeaderMatch): readonly JsonRecord[] {
  const { exact = '', regex = '', prefix = '' } = headerValue ?? {};
  const expression = (op: string, value: string): readonly JsonRecord[] =>
    value === '' ? [] : [{ subject: { scope: 'Header', name }, op, value }];
  return [
    ...expression('Equal', exact),
    ...expression('RegexMatch', regex),
    ...expression('RegexMatch', prefix === '' ? '' : `^${escapePattern(prefix)}.*`),
  ];
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/gu, String.raw`\$&`);
}
