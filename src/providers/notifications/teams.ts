import { succeed } from '../../base/result.ts';
import { assessStatus, type NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { partText } from './part-reader.ts';
import { cardContent, messageCard, parseTeamsConfig, recipientUrl, type TeamsConfig } from './teams-card.ts';

/** Microsoft Teams, by the incoming webhook of a connector, which takes message cards. */
export const teams: NotificationService<TeamsConfig> = {
  type: 'teams',
  parse: parseTeamsConfig,
  compose(config, notification, { destination }) {
    const url = recipientUrl(config, destination);
    if (!url.ok) return url;
    const template = partText(notification, 'teams', 'template');
    const content = cardContent(notification, 'teams');
    if (!content.ok) return content;
    const body = template === '' ? messageCard(content.value) : template;
    return succeed({ kind: 'http', request: jsonRequest({ url: url.value, body, insecure: config.insecure }) });
  },
  assess(answer) {
    const outcome = assessStatus(answer);
    // A connector says with the status 200 what went wrong behind it; only "1" or nothing means that it was taken.
    if (outcome.kind === 'failed' || ['', '1'].includes(answer.body.trim())) return outcome;
    const mayPass = /\b429\b|throttl/i.test(answer.body);
    return { kind: 'failed', isFinal: !mayPass, message: 'the connector did not take the card' };
  },
};
