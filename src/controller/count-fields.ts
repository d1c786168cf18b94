/** Fields of a Rollout's status that follow the pods about: nothing is decided by what is stored in them. */
export const countFields: ReadonlySet<string> = new Set([
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'HPAReplicas',
  'message',
  'conditions',
]);
