import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import type { AnalysisPhase } from '../../../src/api/analysis-run.ts';
import { getCondition } from '../../../src/api/condition.ts';
import type { ExperimentStatus } from '../../../src/api/experiment.ts';
import { check, decided, effectsOf, ready, running, startMs, type Given } from './model-experiment.ts';

const reasons = (given: Given): readonly string[] => decided(given).events.map(({ reason }) => reason);
const ports = [{ name: 'http', protocol: 'TCP', port: 8080, targetPort: 8080 }];
const served = [
  { name: 'baseline', service: { name: '', ports } },
  { name: 'candidate', service: { name: 'mine', ports } },
];

describe('an Experiment that begins', () => {
  it('makes ReplicaSets without pods first', () => {
    const decision = decided();
    assert.deepEqual(effectsOf(decision), ['createReplicaSet trial-baseline', 'createReplicaSet trial-candidate']);
    assert.equal(decision.status.phase, 'Pending');
    assert.deepEqual(reasons({}), ['TemplateProgressing', 'TemplateProgressing', 'ExperimentPending']);
  });

  it('gives them pods, and Services, once that is stored', () => {
    const { status } = decided();
    const sets = [{ template: 'baseline' }, { template: 'candidate' }];
    assert.deepEqual(effectsOf(decided({ sets })), []);
    const decision = decided({ sets, status, templates: served });
    assert.deepEqual(effectsOf(decision), [
      'createService trial-baseline',
      'scaleReplicaSet trial-baseline 0 -> 1',
      'createService mine',
      'scaleReplicaSet trial-candidate 0 -> 1',
    ]);
    const [service] = decision.effects;
    assert.deepEqual(service?.kind === 'createService' && [service.selector, service.ports], [
      { app: 'web', 'rollouts-pod-template-hash': 'hash-baseline' },
      ports,
    ]);
  });

  it('is available when all pods are, behind their Services', () => {
    const { status } = decided();
    const without = decided({ sets: ready, status, templates: served });
    assert.deepEqual([without.status.phase, without.status.availableAt], ['Pending', undefined]);
    const services = [
      { name: 'trial-baseline', uid: '1', template: 'baseline' },
      { name: 'mine', uid: '2', template: 'candidate' },
    ];
    const {
      phase,
      availableAt,
      templateStatuses = [],
    } = decided({
      sets: ready,
      status,
      templates: served,
      services,
      seconds: 5,
    }).status;
    assert.deepEqual([phase, availableAt], ['Running', '2026-03-01T12:00:05Z']);
    assert.deepEqual(
      templateStatuses.map(({ serviceName, podTemplateHash }) => [serviceName, podTemplateHash]),
      [
        ['trial-baseline', 'hash-baseline'],
        ['mine', 'hash-candidate'],
      ],
    );
  });

  it('fails when pods do not come in time, and not before', () => {
    const spec = { progressDeadlineSeconds: 20 };
    const { status } = decided({ spec });
    const sets = [{ template: 'baseline', specReplicas: 1 }, ready[1]].flatMap((set) => set ?? []);
    const later = decided({ spec, sets, status, seconds: 1 });
    assert.equal(later.lookAgainAt, startMs + 21_000);
    assert.equal(decided({ spec, sets, status: later.status, seconds: 20.9 }).status.phase, 'Pending');
    const failed = decided({ spec, sets, status: later.status, seconds: 21 });
    assert.equal(failed.status.phase, 'Failed');
    assert.equal(failed.status.message, "Template 'baseline' exceeded its progressDeadlineSeconds (20)");
    assert.deepEqual(effectsOf(failed), []);
    assert.equal(getCondition(failed.status.conditions, 'Progressing')?.reason, 'ProgressDeadlineExceeded');
  });
});

describe('an Experiment that is judged', () => {
  const spec = { duration: '60s', analyses: [check] };
  const run = (phase: AnalysisPhase, measured = false) => [{ name: 'trial-check', phase, measured }];
  const started = (phase: string): ExperimentStatus => ({
    ...running,
    analysisRuns: [{ name: 'check', analysisRun: 'trial-check', phase }],
  });

  it('begins its runs once it is stored that all pods are available', () => {
    const { availableAt: _, ...early } = running;
    assert.deepEqual(effectsOf(decided({ spec, sets: ready, status: early })), []);
    assert.deepEqual(effectsOf(decided({ spec, sets: ready, status: running })), ['createAnalysisRun trial-check']);
    const again = decided({ spec, sets: ready, status: running, runs: run('Running') });
    assert.deepEqual(effectsOf(again), []);
    assert.deepEqual(again.status.analysisRuns, [{ name: 'check', analysisRun: 'trial-check', phase: 'Running' }]);
  });

  it('tells runs about its templates and times', () => {
    const value =
      '{{templates.baseline.podTemplateHash}} {{ templates.candidate.replicaset.name }} {{experiment.finishedAt}}';
    const analyses = [{ ...check, args: [{ name: 'hash', value }] }];
    const [effect] = decided({ spec: { ...spec, analyses }, sets: ready, status: running }).effects;
    assert.deepEqual(effect?.kind === 'createAnalysisRun' && effect.spec.args, [
      { name: 'hash', value: 'hash-baseline trial-candidate 2026-03-01T12:01:00Z' },
    ]);
    const wrong = [{ ...check, args: [{ name: 'hash', value: '{{templates.other.podTemplateHash}}' }] }];
    const { phase, message = '' } = decided({ spec: { analyses: wrong }, sets: ready, status: running }).status;
    assert.equal(phase, 'Error');
    assert.match(message, /no value for \{\{templates\.other\.podTemplateHash\}\}/u);
  });

  it('gives each run the rules about metrics that are about it', () => {
    const other = { name: 'other', templateName: 'other' };
    const world = {
      templates: new Map([
        ['AnalysisTemplate/check', { metrics: [{ name: 'errors', provider: {} }] }],
        ['AnalysisTemplate/other', { metrics: [{ name: 'latency', provider: {} }] }],
      ]),
    };
    const dryRun = [{ metricName: 'latency' }, { metricName: 'nowhere' }];
    const measurementRetention = dryRun.map((rule) => ({ ...rule, limit: 3 }));
    const rules = { analyses: [check, other], dryRun, measurementRetention };
    const { effects } = decided({ spec: rules, sets: ready, status: running, world });
    for (const list of ['dryRun', 'measurementRetention'] as const) {
      assert.deepEqual(
        effects.map(
          (effect) => effect.kind === 'createAnalysisRun' && effect.spec[list]?.map((rule) => rule.metricName),
        ),
        [['nowhere'], ['latency', 'nowhere']],
      );
    }
  });

  it('ends as soon as a run speaks against it', () => {
    const runs = [{ name: 'trial-check', phase: 'Failed' as const, message: 'too many errors' }];
    const given = { spec, sets: ready, status: started('Running'), runs };
    const { status, effects } = decided(given);
    assert.deepEqual([status.phase, status.message], ['Failed', 'too many errors']);
    assert.deepEqual(effects, []);
    assert.deepEqual(reasons(given), [
      'AnalysisRunFailed',
      'ExperimentFailed',
      'TemplateSuccessful',
      'TemplateSuccessful',
    ]);
  });

  it('ends its runs when its time is over, and says what they say', () => {
    const early = decided({ spec, sets: ready, status: started('Running'), runs: run('Running'), seconds: 60.9 });
    assert.deepEqual([effectsOf(early), early.lookAgainAt], [[], startMs + 61_000]);
    const over = decided({ spec, sets: ready, status: started('Running'), runs: run('Running'), seconds: 61 });
    assert.deepEqual([over.status.phase, effectsOf(over)], ['Running', ['terminateAnalysisRun trial-check']]);
    const good = { spec, sets: ready, status: started('Running'), runs: run('Successful', true), seconds: 61 };
    assert.deepEqual([decided(good).status.phase, reasons(good).at(-1)], ['Successful', 'ExperimentSuccessful']);
  });

  it('is inconclusive when a run has measured nothing', () => {
    const { status } = decided({ spec, sets: ready, status: started('Running'), runs: run('Successful'), seconds: 61 });
    assert.deepEqual([status.phase, status.message], ['Inconclusive', "analysis 'check' ended without a measurement"]);
    const ended = decided({ spec: { ...spec, terminate: true }, sets: ready, status: running });
    assert.equal(ended.status.phase, 'Inconclusive');
  });

  it('waits for required runs however long they take, and ends well with them', () => {
    const required = { duration: '60s', analyses: [{ ...check, requiredForCompletion: true }] };
    const waits = decided({
      spec: required,
      sets: ready,
      status: started('Running'),
      runs: run('Running'),
      seconds: 90,
    });
    assert.deepEqual([waits.status.phase, effectsOf(waits)], ['Running', []]);
    const done = decided({ spec: required, sets: ready, status: started('Running'), runs: run('Successful', true) });
    assert.deepEqual([done.status.phase, done.status.message], ['Successful', 'Required AnalysisRuns completed']);
  });

  it('is in error when a run is gone', () => {
    const { status } = decided({ spec, sets: ready, status: started('Running') });
    assert.deepEqual([status.phase, status.message], ['Error', 'AnalysisRun "trial-check" is gone']);
  });

  it('may have no templates at all', () => {
    const given = { spec: { analyses: [check] }, templates: [] };
    const begun = decided(given);
    assert.equal(begun.status.phase, 'Running');
    const next = decided({ ...given, status: begun.status });
    assert.deepEqual([next.status.phase, effectsOf(next)], ['Running', ['createAnalysisRun trial-check']]);
    assert.equal(decided({ ...given, status: begun.status, runs: run('Successful', true) }).status.phase, 'Successful');
  });

  it('is never successful unless all that counts was measured', () => {
    const phases = ['Pending', 'Running', 'Successful', 'Failed', 'Error', 'Inconclusive'] as const;
    const one = fc.record({
      isThere: fc.boolean(),
      phase: fc.constantFrom(...phases),
      measured: fc.boolean(),
      required: fc.boolean(),
      isRecorded: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.nat(120),
        (runs, terminate, seconds) => {
          const analyses = runs.map(({ required }, index) => ({
            ...check,
            name: `c${index}`,
            requiredForCompletion: required,
          }));
          const there = runs.map((each, index) => ({ ...each, name: `trial-c${index}` }));
          const analysisRuns = there.flatMap(({ name, phase, isRecorded }, index) =>
            isRecorded ? [{ name: `c${index}`, analysisRun: name, phase }] : [],
          );
          const { status } = decided({
            spec: { duration: '60s', terminate, analyses },
            sets: ready,
            status: { ...running, analysisRuns },
            runs: there
              .filter(({ isThere }) => isThere)
              .map(({ name, phase, measured }) => ({ name, phase, measured: measured && phase === 'Successful' })),
            seconds,
          });
          if (status.phase !== 'Successful') return;
          const counting = runs.some(({ required }) => required) ? runs.filter(({ required }) => required) : runs;
          for (const { isThere, phase, measured } of counting) assert.ok(isThere && phase === 'Successful' && measured);
        },
      ),
    );
  });
});

describe('an Experiment that has ended', () => {
  const ended: ExperimentStatus = {
    ...running,
    phase: 'Successful',
    templateStatuses: (running.templateStatuses ?? []).map((status) => ({ ...status, status: 'Successful' })),
  };
  const services = [{ name: 'trial-baseline', uid: '1', template: 'baseline' }];
  const waiting = (seconds: number) => ready.map((set) => ({ ...set, scaleDownAt: startMs + seconds * 1000 }));

  it('keeps its pods for their delay, which is never cut short', () => {
    const [effect, ...others] = decided({ sets: ready, status: ended, seconds: 0.5 }).effects;
    assert.deepEqual(effect?.kind === 'annotateReplicaSet' && effect.annotations, {
      'scale-down-deadline': '2026-03-01T12:00:31Z',
    });
    assert.equal(others.length, 1);
    const early = decided({ sets: waiting(31), status: ended, seconds: 30.9 });
    assert.deepEqual([effectsOf(early), early.lookAgainAt], [[], startMs + 31_000]);
  });

  it('lets them go then, and after them its Services', () => {
    const due = decided({ sets: waiting(31), services, status: ended, seconds: 31 });
    assert.deepEqual(effectsOf(due), [
      'scaleReplicaSet trial-baseline 1 -> 0',
      'scaleReplicaSet trial-candidate 1 -> 0',
    ]);
    const sets = [{ template: 'baseline' }, { template: 'candidate' }];
    const gone = decided({ sets, services, status: ended, seconds: 31 });
    assert.deepEqual(effectsOf(gone), ['deleteService trial-baseline']);
    assert.equal(gone.status.phase, 'Successful');
  });

  it('keeps what a router still leads to', () => {
    const world = { servicesInUse: new Set(['trial-baseline']) };
    const due = decided({ sets: waiting(31), services, status: ended, seconds: 90, world });
    assert.deepEqual(effectsOf(due), ['scaleReplicaSet trial-candidate 1 -> 0']);
    const sets = [{ template: 'baseline' }, { template: 'candidate' }];
    assert.deepEqual(effectsOf(decided({ sets, services, status: ended, seconds: 90, world })), []);
  });

  it('goes at once without a delay', () => {
    const spec = { scaleDownDelaySeconds: 0 };
    assert.deepEqual(effectsOf(decided({ spec, sets: ready, status: ended })), [
      'scaleReplicaSet trial-baseline 1 -> 0',
      'scaleReplicaSet trial-candidate 1 -> 0',
    ]);
  });

  it('ends the runs that are left, and stays as it is', () => {
    const spec = { analyses: [check], scaleDownDelaySeconds: 0 };
    const runs = [{ name: 'trial-check' }];
    const decision = decided({ spec, status: { ...ended, phase: 'Failed', message: 'why' }, runs });
    assert.deepEqual(effectsOf(decision), ['terminateAnalysisRun trial-check']);
    assert.deepEqual([decision.status.phase, decision.status.message], ['Failed', 'why']);
  });

  it('does nothing more when it is at rest', () => {
    const sets = [{ template: 'baseline' }, { template: 'candidate' }];
    const first = decided({ sets, status: ended, seconds: 90 });
    const second = decided({ sets, status: first.status, seconds: 99 });
    assert.deepEqual([second.effects, second.events, second.status], [[], [], first.status]);
  });
});

describe('an Experiment that is tried again, by an empty status', () => {
  const spec = { analyses: [check] };
  const before = { name: 'trial-check', phase: 'Failed', completedAt: startMs + 5000 } as const;
  const going = ready.map((set) => ({ ...set, scaleDownAt: startMs + 31_000 }));
  const { availableAt: _, ...progressing } = running;

  it('keeps the pods that were to go, and begins anew', () => {
    const first = decided({ spec, sets: going, runs: [before], seconds: 6 });
    assert.deepEqual([first.status.phase, first.status.analysisRuns?.[0]?.phase], ['Running', '']);
    const sets = going.map((set) => ({ ...set, specReplicas: 0, availableReplicas: 0 }));
    const second = decided({ spec, sets, runs: [before], status: progressing, seconds: 6 });
    assert.deepEqual(effectsOf(second), [
      'scaleReplicaSet trial-baseline 0 -> 1',
      'scaleReplicaSet trial-candidate 0 -> 1',
      'annotateReplicaSet trial-baseline',
      'annotateReplicaSet trial-candidate',
    ]);
    const [, , note] = second.effects;
    assert.deepEqual(note?.kind === 'annotateReplicaSet' && note.annotations, { 'scale-down-deadline': null });
  });

  it('measures again, and takes no run of an attempt before for its own', () => {
    const status = { ...running, availableAt: '2026-03-01T12:00:06Z' };
    const due = decided({ spec, sets: ready, status, runs: [before], seconds: 6 });
    assert.deepEqual(effectsOf(due), ['createAnalysisRun trial-check.1']);
    const runs = [before, { name: 'trial-check.1' }];
    const [{ analysisRun, phase } = { analysisRun: '', phase: '' }] =
      decided({ spec, sets: ready, status, runs, seconds: 7 }).status.analysisRuns ?? [];
    assert.deepEqual([analysisRun, phase], ['trial-check.1', 'Running']);
    const ending = { name: 'trial-check', terminating: true };
    assert.deepEqual(effectsOf(decided({ spec, sets: ready, status, runs: [ending], seconds: 7 })), [
      'createAnalysisRun trial-check.1',
    ]);
  });

  it('tells the attempts apart also within one second', () => {
    const again = decided({ spec, sets: ready, status: progressing, runs: [before], seconds: 5.4 });
    assert.deepEqual([again.status.availableAt, again.lookAgainAt], ['2026-03-01T12:00:06Z', startMs + 6000]);
    const early = decided({ spec, sets: ready, status: again.status, runs: [before], seconds: 5.5 });
    assert.deepEqual([effectsOf(early), early.status.phase], [[], 'Running']);
    const alone = { spec, templates: [], sets: [], runs: [before], seconds: 5.5 };
    const { status } = decided({ ...alone, status: { phase: 'Running', availableAt: '2026-03-01T12:00:06Z' } });
    assert.equal(status.phase, 'Running');
  });
});

describe('an Experiment with a wrong specification', () => {
  const world = { problems: [{ field: 'spec.duration', message: 'is no duration' }] };

  it('stands still and says why', () => {
    const { status, effects } = decided({ sets: ready, status: running, world });
    assert.deepEqual([effects, status.phase], [[], 'Running']);
    assert.match(getCondition(status.conditions, 'InvalidSpec')?.message ?? '', /spec\.duration: is no duration/u);
    const mended = decided({ sets: ready, status });
    assert.equal(getCondition(mended.status.conditions, 'InvalidSpec'), undefined);
  });

  it('tells the step that it can never be carried out', () => {
    const { status } = decided({ owner: 'uid-web', world });
    assert.deepEqual([status.phase, status.message], ['Error', 'spec.duration: is no duration']);
  });
});

describe('a template that is taken out of the specification', () => {
  it('loses its pods after the delay', () => {
    const templates = [{ name: 'baseline' }];
    const decision = decided({ templates, sets: ready, status: running });
    assert.deepEqual(effectsOf(decision), ['annotateReplicaSet trial-candidate']);
    const waiting = ready.map((set, index) => (index === 0 ? set : { ...set, scaleDownAt: startMs + 31_000 }));
    assert.equal(decided({ templates, sets: waiting, status: running }).lookAgainAt, startMs + 31_000);
    const due = decided({ templates, sets: waiting, status: running, seconds: 31 });
    assert.deepEqual(effectsOf(due), ['scaleReplicaSet trial-candidate 1 -> 0']);
    const services = [{ name: 'trial-candidate', uid: '1', template: 'candidate' }];
    const gone = decided({
      templates,
      sets: [...ready.slice(0, 1), { template: 'candidate' }],
      services,
      status: running,
    });
    assert.deepEqual(effectsOf(gone), ['deleteService trial-candidate']);
  });
});
