import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { Json, KubeObject } from '../../src/api/object.ts';
import { defaultTemplate } from '../../src/api/pod-defaults.ts';
import { podTemplateHash } from '../../src/api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../../src/api/pod-template.ts';
import type { Rollout, RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import { mergePatch } from '../../src/cluster/embedded/patches/merge-patch.ts';
import { positionOf } from '../../src/engine/command-target.ts';
import { planCommand, type Command, type CommandPlan, type CommandSubject } from '../../src/engine/command.ts';

const template = (image: string): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } },
  spec: {
    initContainers: [{ name: 'init', image: 'setup:1' }],
    containers: [
      { name: 'web', image, ports: [{ containerPort: 80, protocol: 'TCP' }] },
      { name: 'log', image: 'log:1' },
    ],
  },
});

const now = template('web:2');
const currentHash = podTemplateHash(now);
const stableHash = podTemplateHash(template('web:1'));

const canary: RolloutSpec = {
  template: now,
  strategy: { canary: { steps: [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }] } },
};
const midway: RolloutStatus = { currentPodHash: currentHash, stableRS: stableHash, currentStepIndex: 1 };
const pause = { reason: 'CanaryPauseStep', startTime: '2026-01-01T00:00:00Z' };

function rollout(status: RolloutStatus = midway, spec: RolloutSpec = canary): Rollout {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '7' };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata, spec, status };
}

function replicaSet(number: number, image: string, defaulted = false): KubeObject {
  const hash = podTemplateHash(template(image));
  const own = { ...template(image), metadata: { labels: { app: 'web', 'rollouts-pod-template-hash': hash } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${hash}`,
      labels: { 'rollouts-pod-template-hash': hash },
      annotations: { 'rollout.argoproj.io/revision': String(number) },
    },
    spec: { template: defaulted ? defaultTemplate(own as never) : own },
  };
}

function subjectOf(target: Rollout, replicaSets: readonly KubeObject[] = []): CommandSubject {
  return { rollout: target, replicaSets };
}

/** The plan for a command that is given by somebody who sees what is there. */
function plan(command: Command, target: Rollout = rollout(), replicaSets: readonly KubeObject[] = []): CommandPlan {
  const seen = { revision: podTemplateHash(target.spec.template ?? {}), position: positionOf(target) };
  const planned = planCommand(command, seen, subjectOf(target, replicaSets));
  assert.ok(planned.ok, planned.ok ? '' : planned.error.message);
  return planned.value;
}

function refusal(command: Command, target: Rollout, seen = {}): string {
  const given = { revision: podTemplateHash(target.spec.template ?? {}), position: positionOf(target), ...seen };
  const planned = planCommand(command, given, subjectOf(target));
  assert.ok(!planned.ok, 'it should be refused');
  return `${planned.error.code}: ${planned.error.message}`;
}

function applied(target: Rollout, { patches }: CommandPlan): Rollout {
  const version = String(Number(target.metadata.resourceVersion) + 1);
  const next = patches.reduce<Json>((object, { body }) => mergePatch(object, body as Json), target as unknown as Json);
  return { ...(next as unknown as Rollout), metadata: { ...target.metadata, resourceVersion: version } };
}

const bodies = ({ patches }: CommandPlan): object[] => patches.map(({ body }) => body);

describe('promote', () => {
  it('lifts the pause of a step, and nothing else', () => {
    const paused = rollout({ ...midway, pauseConditions: [pause], controllerPause: true });
    const { patches } = plan({ kind: 'promote' }, paused);
    assert.deepEqual(patches, [{ on: 'rollout', subresource: 'status', body: { status: { pauseConditions: null } } }]);
  });

  it('takes the pause of the controller back too when the step analysis is inconclusive', () => {
    const paused = rollout({
      ...midway,
      pauseConditions: [{ ...pause, reason: 'InconclusiveAnalysisRun' }],
      controllerPause: true,
      canary: { currentStepAnalysisRunStatus: { name: 'run', status: 'Inconclusive' } },
    });
    assert.deepEqual(bodies(plan({ kind: 'promote' }, paused)), [
      { status: { pauseConditions: null, controllerPause: false } },
    ]);
  });

  it('leaves the step in work when nothing is paused', () => {
    assert.deepEqual(bodies(plan({ kind: 'promote' })), [{ status: { pauseConditions: null, currentStepIndex: 2 } }]);
  });

  it('ends a pause by a person in a second patch', () => {
    const held = rollout({ ...midway, pauseConditions: [pause] }, { ...canary, paused: true });
    assert.deepEqual(plan({ kind: 'promote' }, held).patches, [
      { on: 'rollout', subresource: 'status', body: { status: { pauseConditions: null } } },
      { on: 'rollout', body: { spec: { paused: false } } },
    ]);
  });

  it('costs no second step while the first promotion is not carried out', () => {
    const resumed = rollout({ ...midway, controllerPause: true });
    assert.deepEqual(plan({ kind: 'promote' }, resumed).patches, []);
  });

  it('lifts the pause of a blue/green preview, and never invents steps there', () => {
    const spec = { template: now, strategy: { blueGreen: { activeService: 'web' } } };
    const status = { currentPodHash: currentHash, stableRS: stableHash };
    const waiting = rollout({ ...status, pauseConditions: [{ ...pause, reason: 'BlueGreenPause' }] }, spec);
    assert.deepEqual(bodies(plan({ kind: 'promote' }, waiting)), [{ status: { pauseConditions: null } }]);
    assert.deepEqual(bodies(plan({ kind: 'promote' }, rollout(status, spec))), []);
  });

  it('is nothing after the last step or when the revision is stable', () => {
    assert.deepEqual(plan({ kind: 'promote' }, rollout({ ...midway, currentStepIndex: 3 })).patches, []);
    assert.deepEqual(plan({ kind: 'promote' }, rollout({ ...midway, stableRS: currentHash })).patches, []);
  });

  it('is refused after an abort', () => {
    assert.match(refusal({ kind: 'promote' }, rollout({ ...midway, abort: true })), /^Invalid: .*retry it/);
    assert.match(refusal({ kind: 'promoteFull' }, rollout({ ...midway, abort: true })), /^Invalid: .*retry it/);
  });

  it('fully sets promoteFull unless the revision is stable, and ends a pause by a person', () => {
    assert.deepEqual(bodies(plan({ kind: 'promoteFull' }, rollout(midway, { ...canary, paused: true }))), [
      { status: { promoteFull: true } },
      { spec: { paused: false } },
    ]);
    assert.deepEqual(plan({ kind: 'promoteFull' }, rollout({ ...midway, stableRS: currentHash })).patches, []);
  });

  it('past the current step moves the index alone, and needs steps', () => {
    const paused = rollout({ ...midway, pauseConditions: [pause] });
    assert.deepEqual(bodies(plan({ kind: 'skipCurrentStep' }, paused)), [{ status: { currentStepIndex: 2 } }]);
    const blueGreen = rollout(midway, { template: now, strategy: { blueGreen: { activeService: 'web' } } });
    assert.match(refusal({ kind: 'skipCurrentStep' }, blueGreen), /^Invalid: .*no steps to skip/);
    const stepless = rollout(midway, { template: now, strategy: { canary: {} } });
    assert.match(refusal({ kind: 'skipCurrentStep' }, stepless), /^Invalid: .*no steps to skip/);
  });
});

describe('abort, retry, pause, resume and restart', () => {
  it('make the patches of the plug-in', () => {
    assert.deepEqual(bodies(plan({ kind: 'abort' })), [{ status: { abort: true } }]);
    assert.deepEqual(bodies(plan({ kind: 'retry' }, rollout({ ...midway, abort: true }))), [
      { status: { abort: false } },
    ]);
    assert.deepEqual(bodies(plan({ kind: 'pause' })), [{ spec: { paused: true } }]);
    const at = '2026-11-25T20:52:44Z';
    assert.deepEqual(bodies(plan({ kind: 'restart', at })), [{ spec: { restartAt: at } }]);
  });

  it('resume lifts pauses of both kinds and never leaves a step', () => {
    const held = rollout({ ...midway, pauseConditions: [pause] }, { ...canary, paused: true });
    assert.deepEqual(bodies(plan({ kind: 'resume' }, held)), [
      { status: { pauseConditions: null } },
      { spec: { paused: false } },
    ]);
    assert.deepEqual(plan({ kind: 'resume' }).patches, []);
  });

  it('abort of a stable revision is nothing', () => {
    assert.deepEqual(plan({ kind: 'abort' }, rollout({ ...midway, stableRS: currentHash })).patches, []);
  });

  it('restart says what is wrong with its time', () => {
    assert.match(refusal({ kind: 'restart', at: 'soon' }, rollout()), /^BadRequest: at: "soon" is no time/);
  });
});

describe('set image', () => {
  it('changes the named containers and keeps everything else of them', () => {
    assert.deepEqual(bodies(plan({ kind: 'setImage', images: { web: 'web:3' } })), [
      {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'web', image: 'web:3', ports: [{ containerPort: 80, protocol: 'TCP' }] },
                { name: 'log', image: 'log:1' },
              ],
            },
          },
        },
      },
    ]);
  });

  it('changes all containers by a star, names before it, and init containers too', () => {
    const next = applied(rollout(), plan({ kind: 'setImage', images: { '*': 'all:9', log: 'log:2' } }));
    const { containers, initContainers } = next.spec.template?.spec ?? {};
    assert.deepEqual(
      [...(initContainers ?? []), ...(containers ?? [])].map(({ image }) => image),
      ['all:9', 'all:9', 'log:2'],
    );
  });

  it('names the containers there are when one is unknown, and refuses what is no image', () => {
    assert.match(
      refusal({ kind: 'setImage', images: { wbe: 'x' } }, rollout()),
      /web has no container wbe; its containers are init, web, log/,
    );
    assert.match(refusal({ kind: 'setImage', images: { web: 'a b' } }, rollout()), /images.web: "a b" is no image/);
    assert.match(
      refusal({ kind: 'setImage', images: JSON.parse('{"__proto__": "x"}') as Record<string, string> }, rollout()),
      /no container __proto__/,
    );
  });

  it('goes to the workload that the Rollout refers to', () => {
    const workload: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template: now },
    };
    const referring = rollout(midway, { workloadRef: { kind: 'Deployment', name: 'web' } });
    const planned = planCommand(
      { kind: 'setImage', images: { log: 'log:2' } },
      { revision: currentHash },
      { rollout: referring, workload, replicaSets: [] },
    );
    assert.ok(planned.ok);
    assert.equal(planned.value.patches[0]?.on, 'workload');
  });
});

describe('undo', () => {
  const history = [replicaSet(1, 'web:0'), replicaSet(3, 'web:2'), replicaSet(2, 'web:1')];

  it('brings back the template of the revision before, without the label of the controller', () => {
    const next = applied(rollout(), plan({ kind: 'undo' }, rollout(), history));
    assert.deepEqual(next.spec.template, template('web:1'));
  });

  it('brings back a chosen revision', () => {
    const next = applied(rollout(), plan({ kind: 'undo', toRevision: 1 }, rollout(), history));
    assert.deepEqual(next.spec.template, template('web:0'));
  });

  it('removes what only the newer template has', () => {
    const wider = { ...now, spec: { ...now.spec, hostNetwork: true } };
    const target = rollout({ ...midway, currentPodHash: podTemplateHash(wider) }, { ...canary, template: wider });
    const next = applied(target, plan({ kind: 'undo', toRevision: 2 }, target, history));
    assert.deepEqual(next.spec.template, template('web:1'));
  });

  it('leaves out labels and annotations of the part that the revision played', () => {
    const { metadata, ...rest } = replicaSet(2, 'web:1');
    const own = template('web:1');
    const marked = {
      ...rest,
      metadata: {
        ...metadata,
        annotations: {
          ...metadata.annotations,
          'rollout.argoproj.io/ephemeral-metadata': '{"labels":{"role":"stable"},"annotations":{"note":"x"}}',
        },
      },
      spec: {
        template: { ...own, metadata: { labels: { app: 'web', role: 'stable' }, annotations: { note: 'x' } } },
      },
    };
    const next = applied(rollout(), plan({ kind: 'undo' }, rollout(), [marked]));
    assert.deepEqual(next.spec.template, own);
  });

  it('finds the template as it was written behind the defaults of the API server', () => {
    const next = applied(rollout(), plan({ kind: 'undo' }, rollout(), [replicaSet(2, 'web:1', true)]));
    assert.equal(podTemplateHash(next.spec.template ?? {}), stableHash);
  });

  it('is nothing for the current revision, and says which revisions there are', () => {
    assert.deepEqual(plan({ kind: 'undo', toRevision: 3 }, rollout(), history).patches, []);
    assert.match(refusal({ kind: 'undo' }, rollout()), /^NotFound: web has no earlier revision/);
    const planned = planCommand(
      { kind: 'undo', toRevision: 9 },
      { revision: currentHash },
      subjectOf(rollout(), history),
    );
    assert.match(planned.ok ? '' : planned.error.message, /web has no revision 9; there is 3, 2, 1/);
  });
});

describe('a command', () => {
  it('for another revision is stale', () => {
    for (const kind of ['promote', 'abort', 'pause', 'undo'] as const) {
      assert.match(refusal({ kind }, rollout(), { revision: 'other' }), /^StaleCommand: web is at revision/);
    }
  });

  it('for a revision that the controller has not observed is stale, as a status patch would be lost', () => {
    const behind = rollout({ ...midway, currentPodHash: stableHash });
    assert.match(refusal({ kind: 'abort' }, behind), /^StaleCommand: .*not been observed/);
    assert.match(refusal({ kind: 'promote' }, rollout({})), /^StaleCommand: .*not been observed/);
    assert.deepEqual(bodies(plan({ kind: 'pause' }, behind)), [{ spec: { paused: true } }]);
  });

  it('for another version is stale when it names one', () => {
    assert.match(refusal({ kind: 'abort' }, rollout(), { resourceVersion: '6' }), /^StaleCommand: web is at version 7/);
  });

  it('that lets the update go on needs the position, and a position that is still true', () => {
    for (const kind of ['promote', 'promoteFull', 'skipCurrentStep', 'retry', 'resume'] as const) {
      assert.match(refusal({ kind }, rollout(), { position: undefined }), /^BadRequest: position is missing/);
      assert.match(
        refusal({ kind }, rollout(), { position: 'step 0' }),
        /^StaleCommand: web has moved on from "step 0"/,
      );
    }
    assert.equal(plan({ kind: 'abort' }).patches.length, 1);
  });
});

const pauses = fc.constantFrom<RolloutStatus>(
  {},
  { controllerPause: true },
  { controllerPause: true, pauseConditions: [pause] },
  { controllerPause: true, pauseConditions: [{ ...pause, reason: 'InconclusiveAnalysisRun' }] },
);
const anyRollout = fc
  .record({
    index: fc.nat({ max: 3 }),
    pauses,
    abort: fc.boolean(),
    full: fc.boolean(),
    settled: fc.boolean(),
    paused: fc.boolean(),
    inconclusive: fc.boolean(),
    blueGreen: fc.boolean(),
  })
  .map((given) =>
    rollout(
      {
        ...midway,
        ...given.pauses,
        ...(given.abort ? { abort: true, abortedAt: '2026-01-01T00:00:09Z' } : {}),
        ...(given.full ? { promoteFull: true } : {}),
        ...(given.settled ? { stableRS: currentHash } : {}),
        ...(given.inconclusive
          ? { canary: { currentStepAnalysisRunStatus: { name: 'r', status: 'Inconclusive' } } }
          : {}),
        ...(given.blueGreen ? {} : { currentStepIndex: given.index }),
      },
      {
        template: now,
        paused: given.paused,
        strategy: given.blueGreen ? { blueGreen: { activeService: 'web' } } : canary.strategy,
      },
    ),
  );
const anyCommand = fc.constantFrom<Command>(
  { kind: 'promote' },
  { kind: 'promoteFull' },
  { kind: 'skipCurrentStep' },
  { kind: 'abort' },
  { kind: 'retry' },
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'restart', at: '2026-11-25T20:52:44Z' },
  { kind: 'setImage', images: { web: 'web:9' } },
  { kind: 'undo' },
);

describe('a command given twice', () => {
  it('is refused or changes nothing the second time, whatever the state', () => {
    let refused = 0;
    let harmless = 0;
    fc.assert(
      fc.property(anyRollout, anyCommand, (target, command) => {
        const seen = { revision: currentHash, position: positionOf(target) };
        const history = [replicaSet(1, 'web:1'), replicaSet(2, 'web:2')];
        const first = planCommand(command, seen, subjectOf(target, history));
        if (!first.ok || first.value.patches.length === 0) return;
        const second = planCommand(command, seen, subjectOf(applied(target, first.value), history));
        if (!second.ok) refused += 1;
        else {
          harmless += 1;
          assert.deepEqual(second.value.patches, [], `${command.kind} did something twice`);
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(refused > 0 && harmless > 0, 'both ways should be seen');
  });
});
