import type { HeaderMatch } from '../../api/canary-step.ts';
import { goString } from '../../api/go-string.ts';
import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { AlbTrafficRouting } from '../../api/traffic-routing.ts';

/** A Service and its weight in an action. */
export interface AlbTarget {
  readonly service: string;
  readonly weight: number;
}

/**
 * A forward action as the text of an annotation. People compare it as text, so fields and their order are exactly those
 * that the Rollout API's controllers have always written.
 */
export function albAction(targets: readonly AlbTarget[], { servicePort, stickinessConfig }: AlbTrafficRouting): string {
  const groups = targets.map(
    ({ service, weight }) =>
      `{"ServiceName":${goString(service)},"ServicePort":${goString(String(servicePort))},"Weight":${weight}}`,
  );
  const stickiness =
    stickinessConfig?.enabled === true
      ? `,"TargetGroupStickinessConfig":{"Enabled":true,"DurationSeconds":${stickinessConfig.durationSeconds}}`
      : '';
  return `{"Type":"forward","ForwardConfig":{"TargetGroups":[${groups.join(',')}]${stickiness}}}`;
}

/** The conditions of a header route as the text of an annotation: a request must fulfil all of them. */
export function albConditions(match: readonly HeaderMatch[]): string {
  const conditions = match.map(
    ({ headerName, headerValue }) =>
      `{"field":"http-header","httpHeaderConfig":{"httpHeaderName":${goString(headerName)},` +
      `"values":[${goString(headerValue?.exact ?? '')}]}}`,
  );
  return `[${conditions.join(',')}]`;
}

/** The targets of an action; undefined when the text is no forward action with whole weights. */
export function albTargets(text: string): readonly AlbTarget[] | undefined {
  const config = recordOf(recordOf(parseJson(text))['ForwardConfig']);
  const targets = listOf(config['TargetGroups']).map(recordOf).map(targetOf);
  const known = targets.filter((target) => target !== undefined);
  return known.length > 0 && known.length === targets.length ? known : undefined;
}

/** An absent weight means 1 when nothing else has one either; we always write it, so it is not guessed here. */
function targetOf(group: JsonRecord): AlbTarget | undefined {
  const weight = numberOf(group['Weight']);
  const service = textOf(group['ServiceName']);
  return weight !== undefined && Number.isInteger(weight) && weight >= 0 && service !== ''
    ? { service, weight }
    : undefined;
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
