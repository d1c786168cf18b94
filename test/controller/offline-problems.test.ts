import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { KubeObject } from '../../src/api/object.ts';
import { offlineExperimentProblems, offlineProblems } from '../../src/controller/offline-problems.ts';
import { trafficRouters } from '../../src/providers/traffic/registry.ts';

const plugin = 'argoproj-labs/gatewayAPI';
const at = `spec.strategy.canary.trafficRouting.plugins[${plugin}]`;

/** A Rollout behind an HTTPRoute, with an experiment that is judged by `check`. */
function rollout(namespace?: string, more: object = {}): KubeObject {
  const canary = {
    canaryService: 'web-canary',
    stableService: 'web-stable',
    trafficRouting: { plugins: { [plugin]: { httpRoute: 'web' } } },
    steps: [{ experiment: { templates: [], analyses: [{ name: 'check', templateName: 'check' }] } }],
    ...more,
  };
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { selector: { matchLabels: { app: 'web' } }, template, strategy: { canary } };
  return object('argoproj.io/v1alpha1', 'Rollout', 'web', spec, namespace);
}

function route(services: readonly string[], namespace?: string): KubeObject {
  const backendRefs = services.map((name) => ({ name, port: 80 }));
  return object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', { rules: [{ backendRefs }] }, namespace);
}

function template(name: string, spec: object = {}, kind = 'AnalysisTemplate'): KubeObject {
  const metrics = [{ name: 'errors', provider: { web: { url: 'http://metrics' } } }];
  return object('argoproj.io/v1alpha1', kind, name, { metrics, ...spec });
}

function object(apiVersion: string, kind: string, name: string, spec: object, namespace?: string): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec };
}

function problems(one: KubeObject, ...set: readonly KubeObject[]): readonly (readonly [string, string])[] {
  return offlineProblems(one, [one, ...set], trafficRouters).map(({ field, message }) => [field, message]);
}

describe('what a Rollout refers to, offline', () => {
  const both = ['web-stable', 'web-canary'];

  it('is left alone where the files hold nothing of its kind', () => {
    assert.deepEqual(problems(rollout()), []);
    assert.deepEqual(problems(rollout('shop'), route(both, 'shop')), []);
  });

  it('must be able to split traffic, in the words of the controller', () => {
    assert.deepEqual(problems(rollout(), route(['web-stable'])), [
      [at, 'HTTPRoute default/web spec.rules: no rule has both Services "web-stable" and "web-canary" as backends'],
    ]);
    const { spec, ...other } = route(both);
    assert.deepEqual(problems(rollout('shop'), { ...other, metadata: { name: 'other' }, spec }), [
      [at, 'HTTPRoute "web" does not exist in namespace shop'],
    ]);
    assert.deepEqual(problems(rollout('shop'), route(both, 'elsewhere')), [
      [at, 'HTTPRoute "web" does not exist in namespace shop'],
    ]);
  });

  it('must have a place for the routes that steps make', () => {
    const match = [{ headerName: 'agent', headerValue: { exact: 'firefox' } }];
    const more = {
      steps: [{ setHeaderRoute: { name: 'testers', match } }, { setHeaderRoute: { name: 'testers' } }],
      trafficRouting: { plugins: { [plugin]: { httpRoute: 'web' } }, managedRoutes: [{ name: 'testers' }] },
    };
    const plain = { plugins: { [plugin]: { httpRoutes: [{ name: 'web' }] } }, managedRoutes: [{ name: 'testers' }] };
    const unnamed = problems(rollout(undefined, { ...more, trafficRouting: plain }), route(both));
    assert.match(unnamed[0]?.[1] ?? '', /route "testers" has no place/u);
    const routes = { httpRoutes: [{ name: 'web', useHeaderRoutes: true }] };
    const used = { ...more, trafficRouting: { ...more.trafficRouting, plugins: { [plugin]: routes } } };
    assert.deepEqual(problems(rollout(undefined, used), route(both)), []);
  });

  it('includes the templates of experiments, and what these name', () => {
    const field = 'spec.strategy.canary.steps[0].experiment.analyses[0]';
    assert.deepEqual(problems(rollout(), template('other')), [[field, 'there is no AnalysisTemplate "check"']]);
    assert.deepEqual(problems(rollout(), template('check')), []);
    const needy = problems(rollout(), template('check', { args: [{ name: 'host' }] }));
    assert.deepEqual([needy.length, needy[0]?.[0]], [1, field]);
    const naming = template('check', { templates: [{ templateName: 'far', clusterScope: true }] });
    assert.deepEqual(problems(rollout(), naming), [], 'of another kind nothing is known');
    const far = template('near', {}, 'ClusterAnalysisTemplate');
    assert.equal(problems(rollout(), naming, far).length, 1);
  });

  it('includes the templates of an Experiment that stands alone', () => {
    const analyses = ['check', 'gone'].map((name) => ({ name, templateName: name }));
    const trial = object('argoproj.io/v1alpha1', 'Experiment', 'trial', { templates: [], analyses });
    assert.deepEqual(offlineExperimentProblems(trial, [trial]), []);
    assert.deepEqual(offlineExperimentProblems(trial, [trial, template('check')]), [
      { field: 'spec.analyses[1].templateName', message: 'there is no AnalysisTemplate "gone"' },
    ]);
  });

  it('is not looked at for a Rollout of a wrong form', () => {
    assert.deepEqual(problems(rollout(undefined, { stableService: 5 }), route(['web-stable'])), []);
  });
});
