import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';

/** What the rules of a route say about a canary's two Services. */
export interface RouteWeights {
  /** Largest share of the canary side in any rule that splits traffic; a weight that is not written counts as 1. */
  readonly canary: number;
  readonly stable: number;
  /** Every rule with both sides: their weights as they are written. */
  readonly splits: readonly {
    readonly canary: unknown;
    readonly stable: unknown;
    /** Of Services of Experiments, in all. */
    readonly additional: number;
  }[];
  /** Largest share of each Service of an Experiment, by name. */
  readonly additional: ReadonlyMap<string, number>;
  /** Rules of the controller's own making that lead to the canary: header and mirror routes. */
  readonly managed: number;
}

/** Prefix of the header by which the controller recognises the rules that it made. */
const markPrefix = 'sluice-route_';

/** Reads a route. */
export function readRouteWeights(
  route: KubeObject | undefined,
  canary: string,
  stable: string,
  experiments: ReadonlySet<string> = new Set(),
): RouteWeights {
  const additional = new Map<string, number>();
  const rules = listOf(recordOf(route?.['spec'])['rules']).map(recordOf);
  const splits = rules.flatMap((rule) => {
    if (isManagedRule(rule)) return [];
    const backends = listOf(rule['backendRefs']).map(recordOf);
    const [left, right] = [canary, stable].map((name) => backends.find((backend) => textOf(backend['name']) === name));
    if (left === undefined || right === undefined) return [];
    const others = backends.filter((backend) => experiments.has(textOf(backend['name'])));
    for (const { name, weight } of others) {
      additional.set(textOf(name), Math.max(additional.get(textOf(name)) ?? 0, numberOf(weight) ?? 1));
    }
    const sum = others.reduce((total, { weight }) => total + (numberOf(weight) ?? 1), 0);
    return [{ canary: left['weight'], stable: right['weight'], additional: sum }];
  });
  const most = (side: 'canary' | 'stable'): number => Math.max(0, ...splits.map((split) => numberOf(split[side]) ?? 1));
  const managed = rules.filter(isManagedRule).length;
  return { canary: most('canary'), stable: most('stable'), splits, additional, managed };
}

/** A rule that the controller made for a header or mirror route. */
export function isManagedRule(rule: JsonRecord): boolean {
  return listOf(rule['filters'])
    .flatMap((filter) => listOf(recordOf(recordOf(filter)['requestHeaderModifier'])['remove']))
    .some((header) => textOf(header).startsWith(markPrefix));
}
