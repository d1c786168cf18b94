import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { HttpPort } from '../../../src/controller/http-port.ts';
import type { NotificationOptions } from '../../../src/controller/notifications/notifier.ts';
import type { MetricRequest, MetricResponse } from '../../../src/providers/metrics/contract.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';
import { notifiedAnnotation, readNotified } from '../../../src/providers/notifications/notified-state.ts';
import { pendingAnnotation } from '../../../src/providers/notifications/pending-state.ts';
import { notificationServices } from '../../../src/providers/notifications/registry.ts';
import { AnalysisStage, nobody } from '../runs/analysis-stage.ts';

/** A service that writes down what it is sent, in the order of its coming, and answers as it is told. */
class Listener implements HttpPort {
  readonly texts: string[] = [];
  readonly requests: MetricRequest[] = [];
  answer: (request: MetricRequest) => Partial<Extract<MetricResponse, { kind: 'answer' }>> = () => ({});

  send(request: MetricRequest): Promise<MetricResponse> {
    this.requests.push(request);
    const answer = {
      kind: 'answer',
      id: request.id,
      status: 200,
      contentType: '',
      body: '',
      ...this.answer(request),
    } as const;
    if (answer.status < 300) this.texts.push(request.body ?? '');
    return Promise.resolve(answer);
  }
}

const data = {
  'service.webhook.hook': 'url: https://hooks.example/base\nheaders: [{name: x-key, value: $key}]',
  'template.completed':
    'message: "{{.rollout.metadata.name}} completed {{(index .rollout.spec.template.spec.containers 0).image}} for {{.recipient}}"',
  'template.step':
    'message: "step {{add .rollout.status.currentStepIndex 1}}/{{len .rollout.spec.strategy.canary.steps}}"',
  'template.paused': 'message: "paused {{.rollout.metadata.name}}"',
  'template.aborted': 'message: "aborted {{.rollout.metadata.name}}"',
  'template.purple': 'message: "purple at step {{.rollout.status.currentStepIndex}}"',
  'trigger.on-rollout-completed': '- send: [completed]',
  'trigger.on-rollout-step-completed': '- send: [step]',
  'trigger.on-rollout-paused': '- send: [paused]',
  'trigger.on-rollout-aborted': '- send: [aborted]',
  'trigger.on-purple': "- send: [purple]\n  when: rollout.spec.template.spec.containers[0].image == 'demo:purple'",
  subscriptions: '- recipients: [hook:all]\n  triggers: [on-rollout-aborted]',
};

const subscribe = Object.fromEntries(
  ['completed', 'step-completed', 'paused'].map((name) => [
    `notifications.argoproj.io/subscribe.on-rollout-${name}.hook`,
    'a',
  ]),
);

function rollout(image: string): { apiVersion: string; kind: string; name: string; annotations: object; spec: object } {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: 'guestbook',
    annotations: { ...subscribe, 'notifications.argoproj.io/subscribe.on-purple.hook': 'p' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'guestbook' } },
      template: {
        metadata: { labels: { app: 'guestbook' } },
        spec: { containers: [{ name: 'web', image }] },
      },
      strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
    },
  };
}

function image(name: string): object {
  return { spec: { template: { spec: { containers: [{ name: 'web', image: name }] } } } };
}

interface Play {
  readonly stage: AnalysisStage;
  readonly hook: Listener;
  /** What was told since it was asked last, sorted: different recipients are told side by side. */
  readonly told: () => readonly string[];
}

/** Every line that was logged, whatever its level. */
const logged: string[] = [];
const write = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
const log = { debug: write, info: write, warn: write, error: write };

async function play(
  work: (parts: Play) => Promise<void>,
  configuration: Readonly<Record<string, string>> = data,
  more: Partial<NotificationOptions> = {},
): Promise<void> {
  const hook = new Listener();
  const notifications = {
    namespace: 'shop',
    http: hook,
    mail: { send: () => Promise.resolve({ kind: 'sent' } as const) },
    services: notificationServices,
    ...more,
  };
  const stage = new AnalysisStage(nobody, { notifications, metricProviders, log });
  let seen = 0;
  const told = (): readonly string[] => {
    const news = hook.texts.slice(seen).toSorted();
    seen = hook.texts.length;
    return news;
  };
  try {
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'argo-rollouts-notification-configmap',
      data: configuration,
    };
    await stage.create(resourceTypes.configMap, configMap);
    await stage.createSecret('argo-rollouts-notification-secret', { key: 'canary-secret' });
    await stage.startController();
    await work({ stage, hook, told });
  } finally {
    await stage.close();
  }
}

describe('a Rollout with subscriptions', () => {
  test('is told of from its first deployment to an abort, each thing once', () =>
    play(async ({ stage, hook, told }) => {
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['guestbook completed demo:1 for a']);
      assert.deepEqual(hook.requests[0]?.headers, { 'x-key': 'canary-secret' });

      await stage.patch(resourceTypes.rollout, 'guestbook', image('demo:2'));
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['paused guestbook', 'step 1/2']);

      await stage.patch(resourceTypes.rollout, 'guestbook', { status: { pauseConditions: null } }, 'status');
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['guestbook completed demo:2 for a', 'step 2/2']);

      await stage.patch(resourceTypes.rollout, 'guestbook', image('demo:3'));
      await stage.clock.advance(10_000);
      await stage.patch(resourceTypes.rollout, 'guestbook', { status: { abort: true } }, 'status');
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['aborted guestbook', 'paused guestbook', 'step 1/2']);

      const { metadata } = await stage.read(resourceTypes.rollout, 'guestbook');
      assert.equal(readNotified(metadata.annotations?.[notifiedAnnotation]).size, hook.texts.length);
    }));

  test('is told of a condition when it begins to hold, and again after it has not held', () =>
    play(async ({ stage, told }) => {
      await stage.create(resourceTypes.rollout, {
        ...rollout('demo:purple'),
        annotations: { 'notifications.argoproj.io/subscribe.on-purple.hook': 'p' },
      });
      await stage.clock.advance(20_000);
      assert.deepEqual(told(), ['purple at step <no value>']);
      const purple = async (): Promise<readonly string[]> => {
        const { metadata } = await stage.read(resourceTypes.rollout, 'guestbook');
        return [...readNotified(metadata.annotations?.[notifiedAnnotation]).keys()];
      };
      const [key = ''] = await purple();
      assert.match(key, /^on-purple:\[0\]\.[\w-]{27}:hook:p$/);
      await stage.patch(resourceTypes.rollout, 'guestbook', image('demo:blue'));
      await stage.clock.advance(5000);
      assert.deepEqual(await purple(), []);
      await stage.patch(resourceTypes.rollout, 'guestbook', image('demo:purple'));
      await stage.clock.advance(5000);
      assert.equal(told().length, 1);
    }));

  test('is not told of twice by the next process, and is told of what the last one did not send', () =>
    play(async ({ stage, hook, told }) => {
      hook.answer = ({ body = '' }) => (body.startsWith('paused') ? { status: 503 } : {});
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(10_000);
      await stage.patch(resourceTypes.rollout, 'guestbook', image('demo:2'));
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['guestbook completed demo:1 for a', 'step 1/2']);
      await stage.stopController();
      hook.answer = () => ({});
      await stage.startController();
      await stage.clock.advance(10_000);
      assert.deepEqual(told(), ['paused guestbook']);
    }));

  test('gets every notification in the end, however long the service is away, and nothing else waits for it', () =>
    play(async ({ stage, hook, told }) => {
      const waits: number[] = [];
      hook.answer = () => {
        waits.push(stage.clock.now());
        return waits.length < 6 ? { status: 429, retryAfterMs: 30_000 } : {};
      };
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(10_000);
      const { status } = await stage.read(resourceTypes.rollout, 'guestbook');
      assert.equal((status as { phase?: string }).phase, 'Healthy');
      assert.equal(hook.requests.length, 1);
      await stage.clock.advance(600_000);
      assert.deepEqual(told(), ['guestbook completed demo:1 for a']);
      assert.ok(
        waits.every((at, index) => index === 0 || at - (waits[index - 1] ?? 0) >= 29_000),
        String(waits),
      );
    }));

  test('is told of with the pod template of its workload', () =>
    play(async ({ stage, told }) => {
      const { spec, ...rest } = rollout('demo:1');
      const { template, selector, ...own } = spec as { template: object; selector: object };
      await stage.create(resourceTypes.deployment, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'guestbook',
        spec: { replicas: 0, selector, template },
      });
      const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'guestbook' };
      await stage.create(resourceTypes.rollout, { ...rest, spec: { ...own, workloadRef } });
      await stage.clock.advance(20_000);
      assert.deepEqual(told(), ['guestbook completed demo:1 for a']);
    }));

  test('never has a secret in the log', () =>
    play(async ({ stage, hook }) => {
      logged.length = 0;
      hook.answer = ({ url }) => ({ status: 500, body: `canary-secret ${url}` });
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(60_000);
      hook.answer = () => ({ status: 404, body: 'canary-secret' });
      await stage.clock.advance(600_000);
      const text = logged.join('\n');
      assert.match(text, /a notification was not taken/);
      assert.match(text, /a notification is given up/);
      assert.ok(!text.includes('canary-secret'));
    }));

  test('gives up what can never be sent', () =>
    play(async ({ stage, hook }) => {
      hook.answer = () => ({ status: 404 });
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(600_000);
      assert.equal(hook.requests.length, 1);
    }));

  test('is carried out as ever when the configuration is nonsense', () =>
    play(
      async ({ stage, hook }) => {
        await stage.create(resourceTypes.rollout, rollout('demo:1'));
        await stage.clock.advance(10_000);
        const { status } = await stage.read(resourceTypes.rollout, 'guestbook');
        assert.equal((status as { phase?: string }).phase, 'Healthy');
        assert.equal(hook.requests.length, 0);
      },
      {
        'trigger.on-rollout-completed': '- send: [nothing]',
        'service.webhook.hook': 'url: $nothing',
        'template.x': '{{',
      },
    ));

  test('is told of by what its namespace configures, where that is allowed', async () => {
    const tenant = new Listener();
    const mail = { send: () => Promise.resolve({ kind: 'sent' } as const) };
    for (const isAllowed of [true, false]) {
      const tenants = isAllowed ? { tenants: { http: tenant, mail } } : {};
      await play(
        async ({ stage, hook }) => {
          await stage.create(resourceTypes.rollout, rollout('demo:1'));
          await stage.clock.advance(10_000);
          // What the controller sends for itself it sends by other ways.
          assert.deepEqual(hook.texts, []);
          const { metadata } = await stage.read(resourceTypes.rollout, 'guestbook');
          const noted = [...readNotified(metadata.annotations?.[notifiedAnnotation]).keys()];
          assert.equal(noted.length, isAllowed ? 1 : 0);
          if (isAllowed) assert.match(noted[0] ?? '', /^shop:[\w-]{16}:on-rollout-completed:\[0\]\.[\w-]{27}:hook:a$/);
        },
        data,
        { namespace: 'sluice', ...tenants },
      );
      assert.deepEqual(tenant.texts, ['guestbook completed demo:1 for a']);
    }
  });

  test('is told of what a service did not take for so long that the status says nothing of it any more', () =>
    play(async ({ stage, hook, told }) => {
      hook.answer = () => ({ status: 503 });
      await stage.create(resourceTypes.rollout, rollout('demo:1'));
      await stage.clock.advance(10_000);
      for (const name of ['demo:2', 'demo:3']) {
        await stage.patch(resourceTypes.rollout, 'guestbook', image(name));
        await stage.clock.advance(10_000);
        await stage.patch(resourceTypes.rollout, 'guestbook', { status: { promoteFull: true } }, 'status');
        await stage.clock.advance(60_000);
      }
      await stage.stopController();
      hook.answer = () => ({});
      await stage.startController();
      await stage.clock.advance(20_000);
      const lines = told();
      for (const [line, count] of [
        ['paused guestbook', 2],
        ['step 1/2', 2],
        ['guestbook completed demo:3 for a', 3],
      ] as const) {
        assert.equal(lines.filter((text) => text === line).length, count, `${line} in ${lines.join(', ')}`);
      }
      const { metadata } = await stage.read(resourceTypes.rollout, 'guestbook');
      assert.equal(metadata.annotations?.[pendingAnnotation], undefined);
    }));
});
