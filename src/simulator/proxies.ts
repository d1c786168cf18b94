import type { KubeObject } from '../api/object.ts';

/** A route as some of the proxies act on it. */
export interface RouteCopy {
  /** Undefined where these proxies do not know it. */
  readonly route: KubeObject | undefined;
  /** How many of all proxies these are, in 0..1: users come in by every proxy alike. */
  readonly share: number;
}

/** A write of a route; without one it was deleted. */
export interface RouteWrite {
  /** `namespace/name`. */
  readonly key: string;
  readonly version: number;
  readonly route: KubeObject | undefined;
}

/** One proxy: the routes that it acts on, and the newest write of each that it has heard of. */
interface Proxy {
  readonly routes: Map<string, KubeObject>;
  readonly heard: Map<string, number>;
}

const proxyCount = 3;

/**
 * The proxies of the gateway. Each hears of a write by itself, so for a while some lead users the new way and others
 * the old one. Who has heard of a write does not go back to an earlier one.
 */
export class Proxies {
  readonly #proxies: readonly Proxy[] = Array.from({ length: proxyCount }, () => ({
    routes: new Map(),
    heard: new Map(),
  }));

  /** Numbers of all proxies, from 0. */
  get all(): readonly number[] {
    return this.#proxies.map((_, index) => index);
  }

  /** Those of these proxies for which a write is news; they have heard of it from now on. */
  tell({ key, version }: RouteWrite, proxies: readonly number[]): readonly number[] {
    return proxies.filter((index) => {
      const heard = this.#proxies[index]?.heard;
      if (version < (heard?.get(key) ?? 0)) return false;
      heard?.set(key, version);
      return true;
    });
  }

  /** Whether every proxy has heard of this write or of a later one. */
  haveAllHeard({ key, version }: RouteWrite): boolean {
    return this.#proxies.every(({ heard }) => (heard.get(key) ?? 0) >= version);
  }

  /** From now on these proxies act on the route as it was written. */
  set({ key, route }: RouteWrite, proxies: readonly number[]): void {
    for (const index of proxies) {
      const routes = this.#proxies[index]?.routes;
      if (route === undefined) routes?.delete(key);
      else routes?.set(key, route);
    }
  }

  /** The route as each proxy acts on it, those that agree together. */
  copiesOf(key: string): readonly RouteCopy[] {
    const counts = new Map<KubeObject | undefined, number>();
    for (const { routes } of this.#proxies) counts.set(routes.get(key), (counts.get(routes.get(key)) ?? 0) + 1);
    return [...counts].map(([route, count]) => ({ route, share: count / proxyCount }));
  }
}
