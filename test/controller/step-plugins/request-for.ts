import type { StepPluginRequest } from '../../../src/controller/step-plugins/contract.ts';

/** A request as a plug-in gets it. */
export function requestFor(operation: StepPluginRequest['operation']): StepPluginRequest {
  return {
    apiVersion: 'step-plugin.sluice.dev/v1',
    id: 'uid/hash/0/Run//1',
    operation,
    plugin: 'example.com/smoke',
    step: { index: 0, config: { suite: 'checkout' } },
    execution: 1,
    status: null,
    rollout: {
      namespace: 'shop',
      name: 'web',
      uid: 'uid',
      revision: 2,
      labels: {},
      annotations: {},
      podTemplateHash: 'hash',
      stablePodTemplateHash: 'old',
    },
  };
}
