import type { AnyNotificationService } from './contract.ts';
import { email } from './email.ts';
import { grafana } from './grafana.ts';
import { opsgenie } from './opsgenie.ts';
import { pagerDutyEvents } from './pager-duty-events.ts';
import { pagerDuty } from './pager-duty.ts';
import { slack } from './slack.ts';
import { teamsWorkflows } from './teams-workflows.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

/** Every kind of service that notifications go to, by its name in the ConfigMap. */
export const notificationServices = {
  email,
  grafana,
  opsgenie,
  pagerduty: pagerDuty,
  pagerdutyv2: pagerDutyEvents,
  slack,
  teams,
  'teams-workflows': teamsWorkflows,
  webhook,
} as const satisfies Record<string, AnyNotificationService>;
