import type { Clock } from '../../../src/base/clock.ts';
import type { Random } from '../../../src/base/random.ts';
import { modelledPods, type PodModel } from '../../../src/cluster/embedded/runtime/modelled-pods.ts';
import type { PodRuntime } from '../../../src/cluster/embedded/runtime/pod-runtime.ts';
import type { Pod } from '../../../src/cluster/embedded/workloads/shapes.ts';

/** Pods of one owner that are made within this time are made together. */
const togetherMs = 200;

/** Pods that live as those of the recordings: see the README of the recorded lives. */
export function lifePods(clock: Clock, random: Random): PodRuntime {
  const models = new Map<string, PodModel>();
  const batches = new Map<string, { readonly atMs: number; count: number }>();

  /** Pods that one owner makes together become ready a quarter of a second apart, from 1 s to 2 s. */
  function readyAfter({ metadata }: Pod): number {
    const owner = metadata.ownerReferences?.[0]?.uid ?? '';
    const now = clock.now();
    const last = batches.get(owner);
    const batch = last !== undefined && now - last.atMs < togetherMs ? last : { atMs: now, count: 0 };
    batches.set(owner, batch);
    const readyMs = 1000 + Math.min(batch.count, 4) * 250;
    batch.count += 1;
    return readyMs;
  }

  function modelOf(pod: Pod): PodModel {
    const job = jobOf(pod);
    if (job !== undefined) return { startMs: 1000, readyMs: undefined, exit: job, endMs: 200 };
    const isImageMissing = (pod.spec?.containers ?? []).some(({ image }) => image === 'demo:does-not-exist');
    return { startMs: 0, readyMs: isImageMissing ? undefined : readyAfter(pod), isImageMissing, endMs: 200 };
  }

  return modelledPods({
    clock,
    random,
    // A pod is asked for at its start and at its end, and must stay what it is.
    modelOf(pod) {
      const uid = pod.metadata.uid ?? '';
      const model = models.get(uid) ?? modelOf(pod);
      models.set(uid, model);
      return model;
    },
  });
}

/** A Job's pod runs `sleep N && exit M`. */
function jobOf(pod: Pod): PodModel['exit'] {
  const text = JSON.stringify(pod.spec);
  const [, seconds, exitCode = '0'] = /sleep (\d+)(?:[^"]*exit (\d+))?/u.exec(text) ?? [];
  return seconds === undefined ? undefined : { afterMs: Number(seconds) * 1000, exitCode: Number(exitCode) };
}
