import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import { lintManifests, type Finding } from '../../src/api/lint-manifests.ts';
import { parseManifests, type ManifestObject } from '../../src/api/manifest.ts';
import type { Json, KubeObject } from '../../src/api/object.ts';
import { readGolden } from '../golden/read-golden.ts';
import { routerCapabilities } from './router-capabilities.ts';

function lint(text: string): readonly Finding[] {
  const { objects, problems } = parseManifests(text, 'app.yaml');
  assert.deepEqual(problems, []);
  return lintManifests(objects, routerCapabilities);
}

function told(text: string): readonly string[] {
  return lint(text).map(({ severity, line, subject, message }) => `${line} ${severity} ${subject}: ${message}`);
}

const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx
`;

const canary = (lines: string): string => `${rollout}  strategy:\n    canary:\n${lines.replaceAll(/^/gm, '      ')}\n`;

test('a Rollout that is right gives no findings', () => {
  assert.deepEqual(told(canary('steps:\n  - setWeight: 20\n  - pause: {duration: 1h}')), []);
});

test('a wrong value is told with its line, field, value and what is right', () => {
  assert.deepEqual(told(canary('steps:\n  - setWeight: 20\n  - pause: {duration: 1d}')), [
    '16 error Rollout web: spec.strategy.steps[1].pause.duration: Invalid value: "1d": "1d" is not a duration; write a number with a unit, such as "30s", "5m" or "1h30m"',
  ]);
});

test('a wrong type is told once', () => {
  const found = lint(canary('steps: 3'));
  assert.deepEqual(
    found.map(({ severity, field, line }) => [severity, field, line]),
    [['error', 'spec.strategy.canary.steps', 14]],
  );
});

test('mistakes in fields of the right type are told together with wrong types', () => {
  const found = lint(
    canary(
      'maxSurge: true\nmaxUnavailable: 0\nsteps:\n  - setWeight: 200\n  - pause: {duration: [1]}\n  - {setWeight: x}',
    ),
  );
  assert.deepEqual(
    found.map(({ field }) => field),
    [
      'spec.strategy.canary.maxSurge',
      'spec.strategy.canary.steps[1].pause.duration',
      'spec.strategy.canary.steps[2].setWeight',
      'spec.strategy.steps[0].setWeight',
    ],
  );
});

test('what could come from a refused value is not told', () => {
  // The labels may fit the selector, and the delay may be short enough, once these are of the right type.
  assert.deepEqual(
    lint(canary('{}').replace('{matchLabels: {app: web}}', '3')).map(({ field }) => field),
    ['spec.selector'],
  );
  assert.deepEqual(
    lint(`${canary('{}')}  minReadySeconds: 700\n  progressDeadlineSeconds: soon\n`).map(({ field }) => field),
    ['spec.progressDeadlineSeconds'],
  );
});

test('of two strategies, the mistakes of both are told', () => {
  const text = `${canary('steps:\n  - setWeight: 200')}    blueGreen: {activeService: a, previewService: a}\n`;
  assert.deepEqual(
    lint(text).map(({ field, line }) => [field, line]),
    [
      ['spec.strategy.strategy', 12],
      ['spec.strategy.steps[0].setWeight', 15],
      ['spec.strategy.activeService', 16],
    ],
  );
});

test('a field that does not exist is a warning with its line', () => {
  const found = lint(canary('stepz: []\nsteps:\n  - setWeight: 1\n    untill: 3'));
  assert.deepEqual(
    found.map(({ severity, field, line }) => [severity, field, line]),
    [
      ['warning', 'spec.strategy.canary.stepz', 14],
      ['warning', 'spec.strategy.canary.steps[0].untill', 17],
    ],
  );
});

test('a router that is not known is an error', () => {
  const [finding] = lint(canary('trafficRouting:\n  plugins:\n    some/router: {a: 1}'));
  assert.equal(finding?.severity, 'error');
  assert.match(finding?.message ?? '', /"some\/router"/);
});

const service = (name: string, app: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {app: ${app}}}\n`;
const routed = canary('canaryService: new\nstableService: old\ntrafficRouting: {smi: {}}');

test('a Service of the same files must exist and select the pods', () => {
  assert.deepEqual(lint(routed).length, 0, 'without any Service in the files they are kept elsewhere');
  assert.deepEqual(lint(routed + service('new', 'web') + service('old', 'web')), []);
  assert.deepEqual(
    lint(routed + service('new', 'api') + service('other', 'web')).map(({ field, line }) => [field, line]),
    [
      ['spec.strategy.canary.canaryService', 14],
      ['spec.strategy.canary.stableService', 15],
    ],
  );
});

test('a template of the same files must exist, end, and get its arguments', () => {
  const template = (spec: string): string =>
    `---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: t}\nspec: ${spec}\n`;
  const metric = (more: string): string =>
    `{args: [{name: a}], metrics: [{name: m, successCondition: 'result > {{args.a}}', provider: {web: {url: x}}${more}}]}`;
  const step = (args: string): string =>
    canary(`steps:\n  - analysis:\n      templates: [{templateName: t}]\n      args: ${args}`);
  const given = '[{name: a, value: "1"}]';
  assert.deepEqual(told(step(given) + template(metric(''))), []);
  assert.match(told(step('[]') + template(metric('')))[0] ?? '', /^16 .*give a value to the argument a/);
  assert.match(told(step(given) + template(metric(', interval: 5s')))[0] ?? '', /no count/);
  assert.match(told(step(given) + template(metric('')).replace('name: t', 'name: other'))[0] ?? '', /no such template/);
});

test('a workload of the same files gives the template and the labels', () => {
  const text = (app: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}
  strategy: {blueGreen: {activeService: a, previewService: p}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: ${app}}}
    spec: {containers: [{name: c, image: i}]}
`;
  assert.deepEqual(lint(text('web')), []);
  assert.deepEqual(
    lint(text('api')).map(({ field }) => field),
    ['spec.template.metadata.labels'],
  );
  assert.deepEqual(lint(text('web') + service('a', 'web') + service('p', 'x')).length, 1);
});

test('only a Deployment can be scaled down, and only labels make a template one beside workloadRef', () => {
  const text = (kind: string, template = '') => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r}
spec:
  workloadRef: {apiVersion: apps/v1, kind: ${kind}, name: d, scaleDown: progressively}
  strategy: {blueGreen: {activeService: a}}
${template}`;
  const fields = (manifest: string): readonly string[] =>
    lint(manifest).map(({ field, severity }) => `${severity} ${field}`);
  assert.deepEqual(fields(text('Deployment')), []);
  assert.deepEqual(fields(text('ReplicaSet')), ['warning spec.workloadRef.scaleDown']);
  assert.deepEqual(fields(text('Deployment', '  template: {metadata: {labels: {app: web}}}')), ['error spec.template']);
});

test('an approval step says who may approve, and how long it waits', () => {
  const text = (config: string) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}
  strategy: {canary: {steps: [{plugin: {name: sluice.dev/approval, config: ${config}}}]}}
`;
  assert.deepEqual(lint(text('{approvers: [ann], timeout: 1h}')), []);
  for (const [config, message] of [
    ['{approvers: ann}', /config.approvers must be a list/u],
    ['{timeout: soon}', /config.timeout: "soon" is not a duration/u],
    ['{timeout: 0s}', /config.timeout must be more than 0/u],
    ['{approver: [ann]}', /config.approver is not known; there are approvers and timeout/u],
    ['[ann]', /config must be an object/u],
  ] as const) {
    const [finding] = lint(text(config));
    assert.equal(finding?.field, 'spec.strategy.steps[0].plugin.config');
    assert.match(finding.message, message);
  }
});

const advised: readonly (readonly [name: string, lines: string, field: string])[] = [
  ['a step that does two things', 'steps:\n  - setWeight: 1\n    plugin: {name: a/b}', 'steps[0]'],
  ['a delay without router', 'abortScaleDownDelaySeconds: 5', 'abortScaleDownDelaySeconds'],
  ['an experiment without templates', 'steps:\n  - experiment: {templates: []}', 'steps[0].experiment.templates'],
  ['a long queue of old revisions', 'scaleDownDelayRevisionLimit: 99', 'scaleDownDelayRevisionLimit'],
];

for (const [name, lines, field] of advised) {
  test(`${name} is a warning`, () => {
    assert.deepEqual(
      lint(canary(lines)).map((finding) => [finding.severity, finding.field]),
      [['warning', `spec.strategy.canary.${field}`]],
    );
  });
}

test('a metric without conditions is a warning', () => {
  const text =
    'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: t}\nspec:\n  metrics:\n    - name: m\n      provider: {web: {url: x}}\n';
  assert.deepEqual(
    lint(text).map(({ severity, field, line }) => [severity, field, line]),
    [['warning', 'spec.metrics[0]', 6]],
  );
});

test('an Experiment is checked with its templates', () => {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: e}
spec:
  duration: 1x
  templates:
    - name: a
      service: {}
      selector: {matchLabels: {app: a}}
      template: {metadata: {labels: {app: b}}, spec: {containers: [{name: c, image: i}]}}
    - name: a
      selector: {matchLabels: {app: a}}
      template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: ""}]}}
`;
  assert.deepEqual(
    lint(text)
      .map(({ field }) => field)
      .toSorted(),
    [
      'spec.duration',
      'spec.templates[0].template.metadata.labels',
      'spec.templates[1].name',
      'spec.templates[1].template.spec.containers[0].image',
    ],
  );
});

test('another version of a kind is refused, another product of the group is left alone', () => {
  assert.equal(lint('apiVersion: argoproj.io/v1beta1\nkind: Rollout\nmetadata: {name: x}\n')[0]?.field, 'apiVersion');
  assert.deepEqual(lint('apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\n'), []);
});

test('a template with a wrong form does not disturb the Rollout that names it', () => {
  const text = `${canary('analysis: {templates: [{templateName: t}]}')}---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: t}\nspec: {templates: 5}\n`;
  assert.deepEqual(
    lint(text).map(({ subject }) => subject),
    ['AnalysisTemplate t'],
  );
});

/** Replaces one part of a value, chosen by the numbers, by another value. */
function mutate(value: Json, choices: readonly number[], replacement: Json): Json {
  const [choice = 0, ...rest] = choices;
  if (choices.length === 0 || typeof value !== 'object' || value === null) return replacement;
  if (Array.isArray(value)) {
    if (value.length === 0) return replacement;
    return value.map((item: Json, index) => (index === choice % value.length ? mutate(item, rest, replacement) : item));
  }
  const keys = Object.keys(value);
  const key = keys[choice % Math.max(keys.length, 1)];
  if (key === undefined) return replacement;
  const fields = value as Readonly<Record<string, Json>>;
  return { ...fields, [key]: mutate(fields[key] ?? null, rest, replacement) };
}

test('a Rollout with any part replaced by anything gives findings, never an exception', () => {
  interface Input {
    readonly rollout: { readonly spec: Json };
    readonly referenced?: {
      readonly virtualServices?: readonly KubeObject[];
      readonly ingresses?: readonly KubeObject[];
    };
  }
  const inputs = readGolden<Input, unknown>('validation.json').map(({ input }) => input);
  const place = { line: 1, column: 1 };
  const manifest = (object: KubeObject): ManifestObject => ({ file: 'f', line: 1, object, positionOf: () => place });
  fc.assert(
    fc.property(
      fc.constantFrom(...inputs),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(null, 0, '', {}, [], 'x', -1)),
      ({ rollout: given, referenced }, choices, replacement) => {
        const apiVersion = 'argoproj.io/v1alpha1';
        const spec = mutate(given.spec, choices, replacement as Json);
        const others = [...(referenced?.virtualServices ?? []), ...(referenced?.ingresses ?? [])];
        lintManifests(
          [
            manifest({ apiVersion, kind: 'Rollout', metadata: { name: 'web' }, spec }),
            ...others.map((object) =>
              manifest({
                apiVersion: 'x/v1',
                kind: 'Ingress',
                ...(mutate(object as unknown as Json, choices, replacement as Json) as object),
                metadata: { name: object.metadata.name },
              }),
            ),
          ],
          routerCapabilities,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('a wrong type anywhere brings up no other mistake', () => {
  interface Input {
    readonly kind: string;
    readonly rollout: { readonly spec: Json };
  }
  const place = { line: 1, column: 1 };
  const rules = (spec: Json): readonly string[] =>
    lintManifests(
      [
        {
          file: 'f',
          line: 1,
          object: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web' }, spec },
          positionOf: () => place,
        },
      ],
      routerCapabilities,
    ).map(({ severity, message }) => `${severity} ${message}`);
  const inputs = readGolden<Input, unknown>('validation.json').map(({ input }) => input);
  fc.assert(
    fc.property(
      fc.constantFrom(...inputs),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
      fc.constantFrom<Json>([[]], true, 1.5),
      ({ rollout: given }, choices, replacement) => {
        const before = rules(given.spec);
        fc.pre(!before.some((text) => text.startsWith('error spec.template.spec.containers')));
        const [refused, ...others] = rules(mutate(given.spec, choices, replacement));
        if (refused === undefined || !refused.includes('Wrong type')) return;
        const field = /^error (?<field>\S+):/.exec(refused)?.groups?.['field'] ?? '';
        // The names of plug-ins are not guessed.
        fc.pre(!field.endsWith('.plugins'));
        const added = others.filter((text) => !before.includes(text) && !text.startsWith(`error ${field}:`));
        assert.deepEqual(added, []);
      },
    ),
    { numRuns: 300 },
  );
});
