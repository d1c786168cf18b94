import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { isEventTrigger, triggerOfReason } from '../../../src/providers/notifications/event-trigger.ts';
import {
  parseNotificationConfig,
  type NotificationConfig,
} from '../../../src/providers/notifications/notification-config.ts';
import { renderNotification } from '../../../src/providers/notifications/notification-template.ts';
import { notifiedKey, readNotified, writeNotified } from '../../../src/providers/notifications/notified-state.ts';
import { notificationServices } from '../../../src/providers/notifications/registry.ts';
import { destinationsOf, isSubscribed } from '../../../src/providers/notifications/subscriptions.ts';
import { evaluateCondition } from '../../../src/providers/notifications/trigger.ts';

function config(
  data: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
): NotificationConfig {
  return parseNotificationConfig({ data, secrets }, notificationServices);
}

const rollout = {
  metadata: { name: 'guestbook' },
  spec: { replicas: 5, strategy: { canary: { steps: [{}, {}] } } },
  status: { currentStepIndex: 1, phase: 'Degraded', conditions: [{ type: 'Paused', status: 'True' }] },
};

describe('the configuration of notifications', () => {
  test('is read entry by entry: a bad one costs only itself', () => {
    const { services, templates, triggers, problems } = config(
      {
        'service.slack': 'token: $slack-token',
        'service.webhook.hook': 'url: https://hooks.example.com/$path',
        'service.slack.second': 'token: $missing-token',
        'service.telegram': 'token: x',
        'service.a.b.c': 'x: 1',
        'template.good': 'message: "{{.rollout.metadata.name}}"',
        'template.bad': 'message: |\n  a\n  {{ nosuch 1 }}',
        'template.worse': '- 1',
        'trigger.on-good': '- send: [good]\n  when: rollout.status.phase == "Degraded"',
        'trigger.on-bad': '- send: [good]\n  when: rollout.status.phase ==',
        'trigger.on-empty': '- when: "true"',
        subscriptions: '- recipients: [1]',
        'defaultTriggers.slack': '[on-good]',
        other: '{{{',
        'template.yaml': 'a: [',
      },
      { 'slack-token': 'xoxb-canary', path: 'a' },
    );
    assert.deepEqual([...services.keys()], ['slack', 'hook']);
    assert.deepEqual([...templates.keys()], ['good']);
    assert.deepEqual([...triggers.keys()], ['on-good']);
    assert.deepEqual([...problems.keys()].sort(), [
      'service.a.b.c',
      'service.slack.second',
      'service.telegram',
      'subscriptions',
      'template.bad',
      'template.worse',
      'template.yaml',
      'trigger.on-bad',
      'trigger.on-empty',
    ]);
    assert.equal(problems.get('service.slack.second'), 'the Secret has no "missing-token"');
    assert.match(problems.get('service.telegram') ?? '', /there is no service "telegram"; there are: email, grafana/);
    assert.equal(problems.get('template.bad'), 'message, line 2, column 4: there is no function "nosuch"');
    assert.match(problems.get('trigger.on-bad') ?? '', /^\[0\]\.when, line 1, column \d+: /);
  });

  test('shows no secret in a problem', () => {
    const { problems } = config(
      { 'service.teams': 'recipientUrls: {ops: $url}', 'service.email': 'host: $host\nport: $url\nfrom: a@b.example' },
      { url: 'canary://secret', host: 'canary host' },
    );
    assert.equal(problems.size, 2);
    for (const text of problems.values()) assert.ok(!text.includes('canary'), text);
  });

  test('bounds YAML that multiplies', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let level = 1; level < 8; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(',')}]`);
    }
    assert.match(
      config({ 'template.bomb': lines.join('\n') }).problems.get('template.bomb') ?? '',
      /more than 10000 values|alias/i,
    );
  });
});

describe('subscriptions', () => {
  const rules = config({
    subscriptions: [
      '- recipients: [slack:all, "email:a@b.example"]',
      '  triggers: [on-rollout-completed]',
      '- recipients: [grafana:tag]',
      '  selector: team=shop',
    ].join('\n'),
    defaultTriggers: '[on-rollout-aborted]',
    'defaultTriggers.teams': '[on-rollout-paused]',
  });

  test('come from annotations and from the ConfigMap, each once', () => {
    const annotations = {
      'notifications.argoproj.io/subscribe.on-rollout-completed.slack': 'one; two;all;',
      'notifications.argoproj.io/subscribe.slack': 'three',
      'notifications.argoproj.io/subscribe.teams': 'ops',
      'notifications.argoproj.io/subscribe.on-rollout-paused.webhook': '',
      'notifications.argoproj.io/subscribe_yaml':
        '- trigger: [on-x]\n  destinations: [{service: slack, recipients: [four]}]',
      unrelated: 'x',
    };
    const found = destinationsOf(rules, { labels: { team: 'shop' }, annotations });
    const text = Object.fromEntries(
      [...found].map(([trigger, list]) => [trigger, list.map(({ service, recipient }) => `${service}:${recipient}`)]),
    );
    assert.deepEqual(text, {
      'on-rollout-completed': ['slack:all', 'email:a@b.example', 'slack:one', 'slack:two'],
      'on-rollout-aborted': ['grafana:tag', 'slack:three'],
      'on-rollout-paused': ['webhook:', 'teams:ops'],
      'on-x': ['slack:four'],
    });
    assert.ok(isSubscribed({ annotations }));
    assert.ok(!isSubscribed({ annotations: { 'notifications.argoproj.io/other': '' } }));
    assert.deepEqual([...destinationsOf(rules, { labels: {}, annotations: {} }).keys()], ['on-rollout-completed']);
  });
});

describe('triggers', () => {
  test('are named after reasons of Events', () => {
    for (const [reason, trigger] of [
      ['RolloutCompleted', 'on-rollout-completed'],
      ['RolloutStepCompleted', 'on-rollout-step-completed'],
      ['ScalingReplicaSet', 'on-scaling-replica-set'],
      ['AnalysisRunFailed', 'on-analysis-run-failed'],
      ['RolloutAddedToInformer', 'on-rollout-added-to-informer'],
    ] as const) {
      assert.equal(triggerOfReason(reason), trigger);
      assert.ok(isEventTrigger(trigger));
    }
    assert.ok(!isEventTrigger('on-purple'));
  });

  test('hold by their expressions', () => {
    const outcome = (when: string, oncePer = ''): unknown => {
      const { triggers, problems } = config({
        'trigger.t': JSON.stringify([{ when, send: ['x'], ...(oncePer === '' ? {} : { oncePer }) }]),
      });
      const [condition] = triggers.get('t') ?? [];
      if (condition === undefined) return problems.get('trigger.t');
      const result = evaluateCondition(condition, rollout, Date.UTC(2026, 10, 26, 12));
      return result.ok ? result.value : result.error;
    };
    const holds = (oncePer = ''): object => ({ holds: true, oncePer });
    assert.deepEqual(outcome(''), holds());
    assert.deepEqual(outcome("rollout.status.phase in ['Degraded', 'Error']"), holds());
    assert.deepEqual(outcome('rollout.status.currentStepIndex == 1', 'rollout.metadata.name'), holds('guestbook'));
    assert.deepEqual(outcome('rollout.spec.replicas > 9'), { holds: false, oncePer: '' });
    assert.deepEqual(outcome("time.Now().Sub(time.Parse('2026-11-26T11:00:00Z')).Hours() >= 1"), holds());
    assert.match(String(outcome('rollout.status.phase')), /when: expected bool, but got string/);
    assert.match(String(outcome('secrets.token == 1')), /unknown name "secrets"/);
    assert.match(String(outcome("time.Parse('x') == time.Now()")), /time\.Parse\(\) needs a time/);
  });
});

describe('a notification', () => {
  test('is filled in from several templates, later ones counting more', () => {
    const { templates } = config({
      'template.a': 'message: "one {{.rollout.metadata.name}}"\nslack: {attachments: "[]", notifyBroadcast: true}',
      'template.b':
        'message: ""\nslack: {blocks: "[{{add .rollout.status.currentStepIndex 1}}]"}\nemail: {subject: "{{.recipient}}"}',
    });
    const chosen = ['a', 'b'].map((name) => templates.get(name) ?? assert.fail());
    assert.deepEqual(renderNotification(chosen, { rollout, recipient: 'team' }), {
      ok: true,
      value: {
        message: 'one guestbook',
        parts: { slack: { attachments: '[]', notifyBroadcast: true, blocks: '[2]' }, email: { subject: 'team' } },
      },
    });
  });

  test('that cannot be filled in says where', () => {
    const { templates } = config({ 'template.a': 'slack:\n  attachments: "{{ len .rollout.spec.missing }}"' });
    assert.deepEqual(renderNotification([templates.get('a') ?? assert.fail()], { rollout }), {
      ok: false,
      error: 'slack.attachments, line 1, column 4: len: nil has no length',
    });
  });
});

describe('what was sent', () => {
  test('is remembered in the form that other controllers read', () => {
    const destination = { service: 'slack', recipient: 'c' };
    const item = { trigger: 'on-x', conditionKey: '[0].abc', oncePer: '', destination };
    assert.equal(notifiedKey(item), 'on-x:[0].abc:slack:c');
    assert.equal(notifiedKey({ ...item, oncePer: 'r1' }), 'r1:on-x:[0].abc:slack:c');
    const state = readNotified('{"b": 2, "a": 1, "odd": "x"}');
    assert.deepEqual(
      [...state],
      [
        ['b', 2],
        ['a', 1],
      ],
    );
    assert.equal(writeNotified(state), '{"a":1,"b":2}');
    assert.equal(writeNotified(new Map()), null);
    assert.equal(readNotified('no JSON').size, 0);
  });

  test('is kept for the newest hundred', () => {
    const many = new Map(Array.from({ length: 150 }, (_, index) => [`k${index}`, index] as const));
    const kept = readNotified(writeNotified(many) ?? '');
    assert.equal(kept.size, 100);
    assert.ok(kept.has('k149') && !kept.has('k49'));
  });
});
