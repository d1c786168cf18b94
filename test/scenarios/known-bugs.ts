/** A defect of ours that can be planted: one text of one source file is replaced. */
export interface Defect {
  /** What goes wrong then. */
  readonly what: string;
  /** Below `src/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly instead: string;
}

/**
 * A scenario that must notice a defect by its promises or by an invariant; that something else happens is not enough.
 */
export interface KnownBugCase {
  readonly scenario: string;
  readonly defect: Defect;
}

/** One class of defects that progressive delivery tools have really had. */
export interface KnownBugClass {
  readonly letter: string;
  readonly title: string;
  readonly cases: readonly KnownBugCase[];
}

/**
 * What tools of this kind got wrong in public reports (AR: argo-rollouts, FL: flagger, by number), each as a defect of
 * our own code and a scenario that fails with it.
 */
export const knownBugs: readonly KnownBugClass[] = [
  {
    letter: 'A',
    title: 'traffic to something that cannot serve',
    cases: [
      {
        scenario: 'promote-full',
        defect: {
          what: 'a fast way to the end gives a canary more traffic than its pods are for (AR#4612)',
          file: 'engine/traffic-plan.ts',
          text: 'if (canarySizeReached(situation)) return wanted;',
          instead: 'return wanted;',
        },
      },
      {
        scenario: 'slow-proxies-supersede',
        defect: {
          what: 'the canary changes its revision while proxies still lead users to it (AR#4534)',
          file: 'engine/service-plan.ts',
          text: 'if (!hasRouting(situation) || (aimTraffic(situation).read === 0 && isInForce(situation))) return target;',
          instead: 'if (!hasRouting(situation) || aimTraffic(situation).read === 0) return target;',
        },
      },
      {
        scenario: 'supersede-canary',
        defect: {
          what: 'a third revision gets the users of the second before it can answer (AR#4775)',
          file: 'engine/service-plan.ts',
          text: 'return (replicaSet?.availableReplicas ?? 0) >= enough ? replicaSet : undefined;',
          instead: 'return enough > 0 ? replicaSet : undefined;',
        },
      },
    ],
  },
  {
    letter: 'B',
    title: 'availability and the arithmetic of sizes',
    cases: [
      {
        scenario: 'scale-mid-canary',
        defect: {
          what: 'a change of spec.replicas in the middle of an update takes stable pods away (AR#1415)',
          file: 'engine/routed-counts.ts',
          text: 'return { new: canary, stable: replicas };',
          instead: 'return { new: canary, stable: status.HPAReplicas === replicas ? replicas : replicas - canary };',
        },
      },
      {
        scenario: 'restart',
        defect: {
          what: 'a restart and a scale-down spend one budget twice (AR#4221)',
          file: 'engine/restart-plan.ts',
          text: 'Math.max(0, budget)',
          instead: 'budget + 2',
        },
      },
    ],
  },
  {
    letter: 'C',
    title: 'abort and rollback',
    cases: [
      {
        scenario: 'abort-nothing',
        defect: {
          what: 'an abort with nothing in progress takes stable away (AR#1292)',
          file: 'engine/stored.ts',
          text: "currentIsStable: current !== '' && current === stable,",
          instead: "currentIsStable: current !== '' && current === stable && status.abort !== true,",
        },
      },
      {
        scenario: 'aborted-stays-down',
        defect: {
          what: 'a change of spec.replicas brings the aborted ReplicaSet back (AR#4973)',
          file: 'engine/stored.ts',
          text: 'aborted: isAborted(status),',
          instead: 'aborted: isAborted(status) && (status.HPAReplicas ?? spec.replicas) === spec.replicas,',
        },
      },
    ],
  },
  {
    letter: 'D',
    title: 'stale caches, concurrency, restarts',
    cases: [
      {
        scenario: 'abort-behind-a-stale-cache',
        defect: {
          what: 'a status is written although somebody has changed the Rollout since it was read (AR#726 and its followers)',
          file: 'controller/write-status.ts',
          text: 'body: { metadata: { resourceVersion }, status }',
          instead: 'body: { status }',
        },
      },
      {
        scenario: 'edit-behind-a-stale-cache',
        defect: {
          what: 'a route is written from an old copy, and what somebody else wrote since is gone',
          file: 'controller/write-traffic.ts',
          text: 'const body = withVersion(change.body, seen?.metadata.resourceVersion);',
          instead: 'const body = withVersion(change.body, seen === undefined ? change.name : undefined);',
        },
      },
    ],
  },
  {
    letter: 'E',
    title: 'analysis: what is no evidence counts as success',
    cases: [
      {
        scenario: 'canary-inconclusive-promote',
        defect: {
          what: 'an inconclusive analysis lets the step go on (FL#1581)',
          file: 'engine/observe-facts.ts',
          text: "return run?.phase === 'Successful' && run.measured;",
          instead: "return run?.phase === 'Successful' || run?.phase === 'Inconclusive';",
        },
      },
      {
        scenario: 'metrics-out-of-reach',
        defect: {
          what: 'a metric that cannot be read counts as good (FL#1095)',
          file: 'analysis/assess.ts',
          text: 'if (errors > limits.consecutiveError) {',
          instead: 'if (errors < 0) {',
        },
      },
    ],
  },
  {
    letter: 'F',
    title: 'stuck, loops, deadlines',
    cases: [
      {
        scenario: 'deadline-twice',
        defect: {
          what: 'the deadline works for the first bad revision only (AR#3988)',
          file: 'engine/reset.ts',
          text: 'abort: _abort,',
          instead: '',
        },
      },
      {
        scenario: 'deadline-after-promotion',
        defect: {
          what: 'a Rollout whose old pods are just going is said to be stuck',
          file: 'engine/deadline.ts',
          text: 'isComplete(situation) ||',
          instead: '',
        },
      },
    ],
  },
  {
    letter: 'G',
    title: 'objects of routers',
    cases: [
      {
        scenario: 'foreign-backend-fields',
        defect: {
          what: 'fields of a backend that are not ours are dropped (AR#3125)',
          file: 'providers/traffic/gateway-rules.ts',
          text: 'backendRefs.push({ ...backend, weight: open.get(service) ?? 0 });',
          instead: 'backendRefs.push({ name: service, port: 80, weight: open.get(service) ?? 0 });',
        },
      },
      {
        scenario: 'canary-routed',
        defect: {
          what: 'a weight of 0 is left out, which means 1 (FL#930)',
          file: 'providers/traffic/gateway-rules.ts',
          text: 'backendRefs.push({ ...backend, weight: open.get(service) ?? 0 });',
          instead: 'backendRefs.push({ ...backend, weight: open.get(service) || undefined });',
        },
      },
      {
        scenario: 'slow-proxies',
        defect: {
          what: 'what proxies said of an earlier weight counts for the new one (AR#4347)',
          file: 'providers/traffic/gateway-acceptance.ts',
          text: "(numberOf(condition['observedGeneration']) ?? generation) < generation",
          instead: "(numberOf(condition['observedGeneration']) ?? generation) < 0",
        },
      },
    ],
  },
  {
    letter: 'H',
    title: 'gates, promotion, the end of a Rollout',
    cases: [
      {
        scenario: 'canary-indefinite-pause',
        defect: {
          what: 'a pause without end is not waited for',
          file: 'engine/guards.ts',
          text: "pauseElapsed: fact('pauseElapsed'),",
          instead: 'pauseElapsed: () => true,',
        },
      },
      {
        scenario: 'blue-green-approval',
        defect: {
          what: 'users are switched over before anybody has approved',
          file: 'engine/service-plan.ts',
          text: "if (!isIn(situation, 'blueGreen.cutOver', 'promoteFull')) return undefined;",
          instead: '',
        },
      },
    ],
  },
  {
    letter: 'I',
    title: 'following the cluster',
    cases: [
      {
        scenario: 'dead-watches',
        defect: {
          what: 'a watch that is dead without anybody saying so is waited for (informers stop silently)',
          file: 'cluster/watch-dog.ts',
          text: 'this.#controller.abort(this.#failure);',
          instead: '',
        },
      },
      {
        scenario: 'refused-watches',
        defect: {
          what: 'whoever is refused asks again at once, and again (reconnect storms)',
          file: 'cluster/reflector.ts',
          text: 'await sleep(clock, delayMs, signal).catch(() => undefined);',
          instead: 'await sleep(clock, Math.min(delayMs, 1), signal).catch(() => undefined);',
        },
      },
    ],
  },
];
