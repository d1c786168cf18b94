import { createHash } from 'node:crypto';

import type { Json, KubeObject } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { AnyNotificationService, Destination, Dispatch } from '../../providers/notifications/contract.ts';
import type { NotificationConfig } from '../../providers/notifications/notification-config.ts';
import { renderNotification } from '../../providers/notifications/notification-template.ts';
import { notifiedAnnotation, notifiedKey, readNotified } from '../../providers/notifications/notified-state.ts';
import { evaluateCondition, type TriggerCondition } from '../../providers/notifications/trigger.ts';

/** What is known when a trigger is looked at. */
export interface TriggerLook {
  readonly config: NotificationConfig;
  readonly trigger: string;
  readonly destinations: readonly Destination[];
  /** The whole Rollout, as templates and conditions see it. */
  readonly object: KubeObject;
  /** What the Event that set the trigger off is known by; absent when only conditions can set it off. */
  readonly once?: string;
  /** Namespace of the configuration when it is not that of the controller. */
  readonly tenant?: string;
  readonly nowMs: number;
}

/** What is to be done about a trigger. */
export type PlannedStep =
  | {
      readonly kind: 'send';
      /** What is noted once it was sent. */
      readonly key: string;
      /** For the other side: the same for every attempt. */
      readonly id: string;
      readonly destination: Destination;
      readonly service: AnyNotificationService;
      readonly dispatch: Dispatch;
    }
  /** The condition does not hold any more: when it holds again it is told again. */
  | { readonly kind: 'forget'; readonly key: string }
  | { readonly kind: 'problem'; readonly destination?: Destination; readonly problem: string };

/** Who is to be told now, and what, of those who were not told yet. Pure but for hashing. */
export function planDeliveries(look: TriggerLook): readonly PlannedStep[] {
  const conditions = look.config.triggers.get(look.trigger) ?? [];
  return conditions.flatMap((condition, index) => {
    // A trigger that no Event sets off needs something that does.
    if (look.once === undefined && condition.condition === undefined) return [];
    return planCondition(condition, index, look);
  });
}

function planCondition(condition: TriggerCondition, index: number, look: TriggerLook): readonly PlannedStep[] {
  const { trigger, object, once, tenant, nowMs, destinations } = look;
  const outcome = evaluateCondition(condition, jsonOf(object), nowMs);
  if (!outcome.ok) return [{ kind: 'problem', problem: `condition ${index}: ${outcome.error}` }];
  const { holds, oncePer } = outcome.value;
  const conditionKey = `[${index}].${hashOf('sha1', condition.when)}`;
  const own = oncePer !== '' || once === undefined ? oncePer : once;
  const state = readNotified(object.metadata.annotations?.[notifiedAnnotation]);
  return destinations.flatMap((destination): readonly PlannedStep[] => {
    const item = notifiedKey({ trigger, conditionKey, oncePer: own, destination });
    const key = tenant === undefined ? item : `${tenant}:${item}`;
    if (!holds) {
      const isOver = once === undefined && condition.oncePer === undefined && state.has(key);
      return isOver ? [{ kind: 'forget', key }] : [];
    }
    if (state.has(key)) return [];
    const id = hashOf('sha256', `${object.metadata.uid ?? ''}\n${key}`).slice(0, 32);
    const composed = compose(condition, destination, id, look);
    if (!composed.ok) return [{ kind: 'problem', destination, problem: composed.error }];
    return [{ kind: 'send', key, id, destination, ...composed.value }];
  });
}

function compose(
  { send }: TriggerCondition,
  destination: Destination,
  id: string,
  { config, object, nowMs }: TriggerLook,
): Result<{ readonly service: AnyNotificationService; readonly dispatch: Dispatch }, string> {
  const configured = config.services.get(destination.service);
  if (configured === undefined) return fail(`there is no service "${destination.service}"`);
  const missing = send.filter((name) => !config.templates.has(name));
  if (missing.length > 0) return fail(`there is no template ${missing.map((name) => `"${name}"`).join(', ')}`);
  const templates = send.map((name) => config.templates.get(name)).filter((template) => template !== undefined);
  const { recipient, service: serviceType } = destination;
  const rendered = renderNotification(templates, { rollout: jsonOf(object), recipient, serviceType });
  if (!rendered.ok) return rendered;
  const { service, config: settings } = configured;
  const dispatch = service.compose(settings, rendered.value, { destination, id, nowMs });
  return dispatch.ok ? succeed({ service, dispatch: dispatch.value }) : dispatch;
}

/** An object of the cluster is JSON, whatever its type says. */
function jsonOf(object: KubeObject): Json {
  return object as unknown as Json;
}

function hashOf(algorithm: 'sha1' | 'sha256', text: string): string {
  return createHash(algorithm).update(text).digest('base64url');
}
