import { succeed } from '../../base/result.ts';
import type { NotificationService } from './contract.ts';
import { jsonRequest } from './json-request.ts';
import { jsonValue, partText } from './part-reader.ts';
import { adaptiveCard, cardContent, parseTeamsConfig, recipientUrl, type TeamsConfig } from './teams-card.ts';

/** Microsoft Teams, by a workflow that is started by a webhook. It takes Adaptive Cards. */
export const teamsWorkflows: NotificationService<TeamsConfig> = {
  type: 'teams-workflows',
  parse: parseTeamsConfig,
  compose(config, notification, { destination }) {
    const url = recipientUrl(config, destination);
    if (!url.ok) return url;
    const template = partText(notification, 'teams-workflows', 'template');
    const insecure = config.insecure;
    if (template !== '') {
      return succeed({ kind: 'http', request: jsonRequest({ url: url.value, body: template, insecure }) });
    }
    const written = partText(notification, 'teams-workflows', 'adaptiveCard');
    const content = cardContent(notification, 'teams-workflows');
    if (!content.ok) return content;
    const card =
      written === '' ? succeed(adaptiveCard(content.value)) : jsonValue(written, 'teams-workflows.adaptiveCard');
    if (!card.ok) return card;
    const body = {
      type: 'message',
      attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card.value }],
    };
    return succeed({ kind: 'http', request: jsonRequest({ url: url.value, body, insecure }) });
  },
};
