import type { ResourceType } from '../api/object.ts';
import type { RolloutView } from '../engine/world.ts';
import { routerReleases } from './release-router-object.ts';
import { serviceRelease } from './release-service.ts';
import { names, release, type ObjectName, type ReleaseTools } from './release.ts';
import type { RouterRegistry } from './routers.ts';

/** An object that may have to be given back. */
export interface LeftObject extends ObjectName {
  readonly type: ResourceType;
}

/** Finds out what Rollouts may have left behind in objects that they do not own, and gives it back. */
export class Releases {
  readonly #all: ReturnType<typeof routerReleases>;

  constructor(routers: RouterRegistry) {
    this.#all = [serviceRelease, ...routerReleases(routers)];
  }

  /** What a Rollout named before a change and does not name after it; all of it when the Rollout is gone. */
  left(before: RolloutView | undefined, after: RolloutView | undefined): readonly LeftObject[] {
    if (before === undefined) return [];
    return this.#all.flatMap((releasable) =>
      releasable
        .named(before)
        .filter((at) => after === undefined || !names(releasable, after, at))
        .map((at) => ({ type: releasable.type, ...at })),
    );
  }

  /** True when a Rollout that is not known is noted in an object. */
  isLeft(type: ResourceType, at: ObjectName, { caches }: Pick<ReleaseTools, 'caches'>): boolean {
    const managers = this.#all.find((releasable) => releasable.type === type)?.managers(at, caches) ?? [];
    return managers.some((rollout) => caches.rollouts.get(at.namespace, rollout) === undefined);
  }

  /** Gives an object of a kind back, if that has to be. */
  async release(kind: string, at: ObjectName, tools: ReleaseTools, signal: AbortSignal): Promise<void> {
    const releasable = this.#all.find(({ type }) => type.kind === kind);
    if (releasable !== undefined) await release(releasable, at, tools, signal);
  }
}
