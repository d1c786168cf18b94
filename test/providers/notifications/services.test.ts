import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import {
  assessStatus,
  type AnyNotificationService,
  type DeliveryOutcome,
  type Dispatch,
  type Notification,
  type ServiceAnswer,
} from '../../../src/providers/notifications/contract.ts';
import { notificationServices } from '../../../src/providers/notifications/registry.ts';

type Kind = keyof typeof notificationServices;

const nowMs = Date.UTC(2026, 10, 26);
const notification: Notification = { message: 'Rollout guestbook has been completed.', parts: {} };

function dispatch(
  kind: Kind,
  configuration: Json,
  parts: Notification['parts'],
  recipient: string,
  message = notification.message,
): Dispatch | string {
  const service: AnyNotificationService = notificationServices[kind];
  const config = service.parse(configuration);
  assert.ok(config.ok, config.ok ? '' : JSON.stringify(config.error));
  const destination = { service: kind, recipient };
  const composed = service.compose(config.value, { message, parts }, { destination, id: 'id-1', nowMs });
  return composed.ok ? composed.value : composed.error;
}

/** The request with its body read. */
function request(...given: Parameters<typeof dispatch>): {
  method: string;
  url: string;
  headers: object;
  body: unknown;
} {
  const sent = dispatch(...given);
  assert.ok(typeof sent === 'object' && sent.kind === 'http', JSON.stringify(sent));
  const { method = 'GET', url, headers, body = '' } = sent.request;
  return { method, url, headers, body: body === '' ? '' : JSON.parse(body) };
}

function assess(kind: Kind, answer: ServiceAnswer): DeliveryOutcome {
  const service: AnyNotificationService = notificationServices[kind];
  return service.assess?.(answer) ?? assessStatus(answer);
}

function problems(kind: Kind, configuration: Json): string {
  const service: AnyNotificationService = notificationServices[kind];
  const config = service.parse(configuration);
  assert.ok(!config.ok);
  return JSON.stringify(config.error);
}

// https://docs.slack.dev/reference/methods/chat.postMessage: arguments, "Response" and "Errors".
describe('Slack', () => {
  const config = { token: 'xoxb-1', username: 'bot', icon: ':rocket:', disableUnfurl: true };

  test('posts a message to a channel', () => {
    const parts = { slack: { attachments: '[{"title": "guestbook", "color": "#18be52"}]', blocks: '' } };
    assert.deepEqual(request('slack', config, parts, 'my-channel'), {
      method: 'POST',
      url: 'https://slack.com/api/chat.postMessage',
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: 'Bearer xoxb-1' },
      body: {
        channel: 'my-channel',
        text: notification.message,
        username: 'bot',
        icon_emoji: ':rocket:',
        attachments: [{ title: 'guestbook', color: '#18be52' }],
        unfurl_links: false,
        unfurl_media: false,
      },
    });
  });

  test('lets a template say who writes, with which icon, in blocks', () => {
    const parts = {
      slack: { username: 'other', icon: 'https://example.com/icon.png', blocks: '[{"type": "divider"}]' },
    };
    assert.deepEqual(request('slack', { token: 't' }, parts, 'c').body, {
      channel: 'c',
      text: notification.message,
      username: 'other',
      icon_url: 'https://example.com/icon.png',
      blocks: [{ type: 'divider' }],
    });
  });

  test('refuses attachments that are no JSON, and icons that are none', () => {
    const bad = { slack: { attachments: '[{,}]' } };
    assert.equal(dispatch('slack', config, bad, 'c'), 'slack.attachments is no JSON once its values are filled in');
    assert.equal(dispatch('slack', config, { slack: { blocks: '{}' } }, 'c'), 'slack.blocks is no list of objects');
    assert.match(JSON.stringify(dispatch('slack', config, { slack: { icon: 'x' } }, 'c')), /neither an emoji/);
    const odd = { slack: { groupingKey: 'k', deliveryPolicy: 'Replace' } };
    assert.equal(
      dispatch('slack', config, odd, 'c'),
      'slack.deliveryPolicy must be one of Post, PostAndUpdate, Update',
    );
  });

  test('sees a refusal in an answer with the status 200', () => {
    assert.deepEqual(assess('slack', { status: 200, body: '{"ok":true,"ts":"1.2"}' }), { kind: 'sent' });
    assert.deepEqual(assess('slack', { status: 200, body: '{"ok":false,"error":"channel_not_found"}' }), {
      kind: 'failed',
      isFinal: true,
      message: 'Slack says: channel_not_found',
    });
    const limited = assess('slack', { status: 200, body: '{"ok":false,"error":"ratelimited"}' });
    assert.ok(limited.kind === 'failed' && !limited.isFinal);
    const odd = assess('slack', { status: 200, body: '<html>token xoxb-1</html>' });
    assert.ok(odd.kind === 'failed' && !odd.isFinal && !odd.message.includes('xoxb'));
    assert.ok(assess('slack', { status: 503, body: '' }).kind === 'failed');
  });

  test('needs a token and shows none', () => {
    assert.match(problems('slack', {}), /token/);
    assert.ok(!problems('slack', { token: 'secret\nvalue' }).includes('secret\\n'));
  });
});

const facts = '[{"name": "Image", "value": "web:2"}, {"name": "Pods", "value": 5}]';
const actions = '[{"@type": "OpenUri", "name": "Open", "targets": [{"os": "default", "uri": "https://x.example"}]}]';

// https://learn.microsoft.com/en-us/outlook/actionable-messages/message-card-reference: card fields, section fields;
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using.
describe('Microsoft Teams by a connector', () => {
  const config = { recipientUrls: { ops: 'https://outlook.example/webhook/secret' } };

  test('posts a message card', () => {
    const parts = { teams: { title: 'guestbook', themeColor: '#18be52', facts, potentialAction: actions } };
    const { url, body } = request('teams', config, parts, 'ops');
    assert.equal(url, 'https://outlook.example/webhook/secret');
    assert.deepEqual(body, {
      '@type': 'MessageCard',
      '@context': 'https://schema.org/extensions',
      summary: 'guestbook',
      title: 'guestbook',
      text: notification.message,
      themeColor: '#18be52',
      sections: [{ facts: JSON.parse(facts) }],
      potentialAction: JSON.parse(actions),
    });
  });

  test('posts what a template wrote as a whole', () => {
    assert.deepEqual(request('teams', config, { teams: { template: '{"text": "own"}' } }, 'ops').body, { text: 'own' });
  });

  test('names a recipient that is not configured, and no URL', () => {
    assert.equal(dispatch('teams', config, {}, 'nobody'), 'recipientUrls has no "nobody"; there are: ops');
    assert.ok(!problems('teams', { recipientUrls: { ops: 'ftp://secret' } }).includes('secret'));
  });

  test('takes only "1" or nothing for success', () => {
    assert.equal(assess('teams', { status: 200, body: '1' }).kind, 'sent');
    const throttled = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429';
    const outcome = assess('teams', { status: 200, body: throttled });
    assert.ok(outcome.kind === 'failed' && !outcome.isFinal);
  });
});

// https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook (body of the trigger);
// https://adaptivecards.io/explorer (AdaptiveCard, TextBlock, FactSet, Action.OpenUrl).
describe('Microsoft Teams by a workflow', () => {
  const config = { recipientUrls: { ops: 'https://prod-1.westeurope.logic.azure.example/workflows/1?sig=secret' } };

  test('posts an Adaptive Card in a message', () => {
    const part = { title: 'guestbook', themeColor: 'Good', facts, potentialAction: actions };
    assert.deepEqual(request('teams-workflows', config, { 'teams-workflows': part }, 'ops').body, {
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              { type: 'TextBlock', text: 'guestbook', size: 'Large', weight: 'Bolder', wrap: true, color: 'Good' },
              { type: 'TextBlock', text: notification.message, wrap: true },
              {
                type: 'FactSet',
                facts: [
                  { title: 'Image', value: 'web:2' },
                  { title: 'Pods', value: '5' },
                ],
              },
            ],
            actions: [{ type: 'Action.OpenUrl', title: 'Open', url: 'https://x.example' }],
          },
        },
      ],
    });
  });

  test('posts a card that a template wrote', () => {
    const part = { adaptiveCard: '{"type": "AdaptiveCard", "body": []}' };
    const { body } = request('teams-workflows', config, { 'teams-workflows': part }, 'ops');
    assert.deepEqual((body as { attachments: { content: unknown }[] }).attachments[0]?.content, {
      type: 'AdaptiveCard',
      body: [],
    });
  });
});

// https://developer.pagerduty.com/docs/send-alert-event (Events API v2: parameters, payload, severities).
describe('PagerDuty by events', () => {
  const config = { serviceKeys: { shop: 'key-1' } };

  test('triggers an alert with the key of the delivery', () => {
    const part = {
      summary: 'aborted',
      severity: 'critical',
      source: 'cluster-1',
      component: 'web',
      url: 'https://x.example',
    };
    assert.deepEqual(request('pagerdutyv2', config, { pagerdutyv2: part }, 'shop'), {
      method: 'POST',
      url: 'https://events.pagerduty.com/v2/enqueue',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        routing_key: 'key-1',
        event_action: 'trigger',
        dedup_key: 'id-1',
        client: 'Sluice',
        client_url: 'https://x.example',
        payload: { summary: 'aborted', severity: 'critical', source: 'cluster-1', component: 'web' },
      },
    });
  });

  test('refuses a severity that is none, and a recipient without key', () => {
    const bad = { pagerdutyv2: { summary: 's', severity: 'urgent' } };
    assert.match(
      JSON.stringify(dispatch('pagerdutyv2', config, bad, 'shop')),
      /urgent.{2} is none of critical, error, warning, info/,
    );
    assert.equal(dispatch('pagerdutyv2', config, {}, 'other'), 'serviceKeys has no "other"');
  });
});

// https://developer.pagerduty.com/api-reference (Incidents, "Create an Incident": headers and body).
describe('PagerDuty by incidents', () => {
  test('creates an incident of a service', () => {
    const part = { title: 'guestbook aborted', urgency: 'high', body: 'details', priorityID: 'P1' };
    const config = { token: 'key', from: 'ops@example.com', serviceID: 'DEFAULT' };
    assert.deepEqual(request('pagerduty', config, { pagerduty: part }, 'PABC123'), {
      method: 'POST',
      url: 'https://api.pagerduty.com/incidents',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        accept: 'application/vnd.pagerduty+json;version=2',
        authorization: 'Token token=key',
        from: 'ops@example.com',
      },
      body: {
        incident: {
          type: 'incident',
          title: 'guestbook aborted',
          service: { id: 'PABC123', type: 'service_reference' },
          urgency: 'high',
          priority: { id: 'P1', type: 'priority_reference' },
          body: { type: 'incident_body', details: 'details' },
        },
      },
    });
    const { body } = request('pagerduty', config, {}, '');
    assert.deepEqual((body as { incident: { service: object } }).incident.service, {
      id: 'DEFAULT',
      type: 'service_reference',
    });
  });
});

// https://docs.opsgenie.com/docs/alert-api#create-alert (JSON body fields and their limits; 202 Accepted).
describe('Opsgenie', () => {
  test('creates an alert for a team', () => {
    const part = { description: 'more', priority: 'P1' };
    const sent = request(
      'opsgenie',
      { apiUrl: 'api.eu.opsgenie.com', apiKeys: { shop: 'key' } },
      { opsgenie: part },
      'shop',
    );
    assert.deepEqual(sent, {
      method: 'POST',
      url: 'https://api.eu.opsgenie.com/v2/alerts',
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: 'GenieKey key' },
      body: {
        message: notification.message,
        alias: 'id-1',
        description: 'more',
        priority: 'P1',
        responders: [{ name: 'shop', type: 'team' }],
        source: 'Sluice',
      },
    });
    assert.equal(assess('opsgenie', { status: 202, body: '{"result":"Request will be processed"}' }).kind, 'sent');
  });

  test('keeps to the limit of a message', () => {
    const { body } = request('opsgenie', { apiKeys: { shop: 'key' } }, {}, 'shop', 'é'.repeat(200));
    assert.equal((body as { message: string }).message, 'é'.repeat(130));
  });
});

// https://grafana.com/docs/grafana/latest/developers/http_api/annotations/#create-annotation (time, tags, text).
describe('Grafana', () => {
  test('adds an annotation with all tags', () => {
    const config = { apiUrl: 'https://grafana.example.com/api', apiKey: 'key', tags: 'prod' };
    assert.deepEqual(request('grafana', config, { grafana: { tags: 'canary|shop' } }, 'rollouts|shop'), {
      method: 'POST',
      url: 'https://grafana.example.com/api/annotations',
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: 'Bearer key' },
      body: { time: nowMs, tags: ['rollouts', 'shop', 'canary', 'prod'], text: notification.message },
    });
  });
});

describe('a webhook', () => {
  const config = {
    url: 'https://hooks.example.com/base/',
    headers: [{ name: 'X-Key', value: 'abc' }],
    basicAuth: { username: 'user', password: 'pass' },
  };

  test('gets what the template of its name says', () => {
    const parts = {
      webhook: { webhook: { method: 'patch', path: '/a?b=1', body: '{"x": 1}' }, other: { method: 'PUT' } },
    };
    assert.deepEqual(request('webhook', config, parts, ''), {
      method: 'PATCH',
      url: 'https://hooks.example.com/base/a?b=1',
      headers: { 'x-key': 'abc', authorization: 'Basic dXNlcjpwYXNz' },
      body: { x: 1 },
    });
  });

  test('gets the message when there is no template for it', () => {
    const sent = dispatch('webhook', config, {}, '');
    assert.ok(typeof sent === 'object' && sent.kind === 'http');
    assert.equal(sent.request.method, 'GET');
    assert.equal(sent.request.body, notification.message);
  });

  test('is never sent to another host or with another kind of method', () => {
    const evil = { url: 'https://hooks.example.com' };
    assert.match(
      JSON.stringify(dispatch('webhook', config, { webhook: { webhook: { method: 'TRACE' } } }, '')),
      /TRACE.{2} is none/,
    );
    const part = { webhook: { webhook: { path: '../@evil.example' } } };
    assert.ok(!JSON.stringify(dispatch('webhook', evil, part, '')).includes('"https://hooks.example.com@'));
    assert.match(problems('webhook', { ...config, headers: [{ name: 'a b', value: 'secret' }] }), /name/);
    assert.ok(!problems('webhook', { ...config, headers: [{ name: 'a', value: 'sec\r\nret' }] }).includes('ret'));
  });
});

// RFC 5321 for the sending, RFC 5322 for the headers.
describe('a letter', () => {
  const config = {
    host: 'smtp.example.com',
    port: '465',
    username: 'user',
    password: 'pass',
    from: 'Sluice <s@example.com>',
  };

  test('has the message as its body unless the template gives one', () => {
    const parts = { email: { subject: 'Rollout\nguestbook', body: '' } };
    assert.deepEqual(dispatch('email', config, parts, 'team@example.com'), {
      kind: 'mail',
      mail: {
        host: 'smtp.example.com',
        port: 465,
        insecure: false,
        login: { username: 'user', password: 'pass' },
        from: 'Sluice <s@example.com>',
        isHtml: false,
        to: 'team@example.com',
        subject: 'Rollout guestbook',
        body: notification.message,
        id: 'id-1',
      },
    });
  });

  test('goes to an address only', () => {
    assert.match(JSON.stringify(dispatch('email', config, {}, 'a@b.example\r\nBcc: c@d.example')), /is no address/);
    assert.match(problems('email', { host: '', from: 'x', port: 70_000 }), /host.*from|from.*host/);
  });
});
