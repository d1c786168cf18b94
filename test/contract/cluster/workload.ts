/** Contents of built-in objects that cases share. Nothing here needs a node: replicas are 0 unless a case says so. */
export function replicaSetContent(options: { readonly replicas: number; readonly paused?: boolean }): object {
  return {
    spec: { replicas: options.replicas, selector: { matchLabels: { app: 'one' } }, template: podTemplate('one') },
  };
}

/** A Deployment; paused, so that the Deployment controller leaves it alone. */
export function deploymentContent(options: { readonly replicas: number; readonly paused: boolean }): object {
  return { spec: { ...options, selector: { matchLabels: { app: 'one' } }, template: podTemplate('one') } };
}

/** A pod template whose labels say which app it is. */
export function podTemplate(app: string): object {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: 'example.com/one:1' }] } };
}

/**
 * A pod. With a node it waits for that node's kubelet, which does not exist: nobody starts or ends it but the case.
 * It needs no service account, so that it can be created right after its namespace.
 */
export function podContent(options: {
  readonly app?: string;
  readonly node?: string;
  readonly graceSeconds?: number;
}): object {
  const { app = 'one', node, graceSeconds } = options;
  return {
    metadata: { labels: { app } },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'example.com/one:1' }],
      ...(node === undefined ? {} : { nodeName: node }),
      ...(graceSeconds === undefined ? {} : { terminationGracePeriodSeconds: graceSeconds }),
    },
  };
}

/** What a kubelet reports of a pod that runs. */
export function runningStatus(isReady: boolean): object {
  const time = '2026-01-01T00:00:00Z';
  return {
    status: {
      phase: 'Running',
      startTime: time,
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: time }],
    },
  };
}
