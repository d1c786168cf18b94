import { numberOf, recordOf } from '../../api/json-access.ts';
import { ForeignSwitches } from './foreign-switches.ts';
import type { Invariant } from './invariant.ts';
import type { PicturedSet, RolloutPicture } from './rollout-picture.ts';
import { isGivenBack, isOfEarlier, selectorChange, weightChange } from './written-by.ts';

/** I03: traffic moves only onto pods that are there. */
export function capacity(): Invariant {
  const switches = new ForeignSwitches();
  return {
    id: 'I03',
    rule: 'a write that raises the share of a revision finds the available pods that the share needs, and at least one',
    onCommit(commit, picture) {
      switches.take(commit);
      if (picture.replicasLately.least === 0 || isOfEarlier(commit, picture)) return undefined;
      const change = weightChange(commit, picture);
      if (change !== undefined) {
        const sides = [
          [picture.canaryService, change.before.canary, change.after.canary],
          [picture.stableService, change.before.stable, change.after.stable],
        ] as const;
        return sides
          .filter(([service]) => !switches.wasTurnedSince(commit, service))
          .map(([service, before, after]) => raised(picture, service, before, after))
          .find(isText);
      }
      const selector = selectorChange(commit);
      return selector === undefined || isGivenBack(commit, picture) ? undefined : switched(picture, selector);
    },
  };
}

/** A side's share grew in this write; what both sides lead to may have stayed the same. */
function raised(picture: RolloutPicture, service: string, before: number, after: number): string | undefined {
  const hash = picture.serviceHash(service) ?? '';
  const weight = picture.weightOf(hash);
  const bothSides = picture.serviceHash(picture.canaryService) === picture.serviceHash(picture.stableService);
  return after > before && !bothSides ? shortage(picture, hash, weight, Infinity) : undefined;
}

function switched(
  picture: RolloutPicture,
  { service, from, to }: { readonly service: string; readonly from: string; readonly to: string },
): string | undefined {
  const weight = serviceWeight(picture, service);
  return weight === 0 ? undefined : shortage(picture, to, weight, picture.setOf(from)?.available ?? 0);
}

/** The share of a Service; undefined shares (a canary without a router) count as one pod's. */
function serviceWeight(picture: RolloutPicture, service: string): number {
  if (picture.blueGreen !== undefined) return picture.blueGreen['activeService'] === service ? picture.weightMax : 0;
  if (!picture.isRouted) return 1;
  const weight = picture.canaryWeight;
  return service === picture.canaryService ? weight : picture.weightMax - weight;
}

/** Too few pods for a share, unless those that a Service led to before were fewer still. */
function shortage(picture: RolloutPicture, hash: string, weight: number, formerly: number): string | undefined {
  const set = picture.setOf(hash);
  const available = set?.available ?? 0;
  const needed = podsNeeded(picture, set, weight);
  if (weight === 0 || available >= needed || (available > 0 && available >= formerly)) return undefined;
  return `${hash || 'nothing'} gets ${weight} of ${picture.weightMax} with ${available} available pods; it needs ${needed}`;
}

/** Available pods that a share needs, unless the specification itself is content with fewer. */
export function podsNeeded(picture: RolloutPicture, set: PicturedSet | undefined, weight: number): number {
  return Math.max(1, Math.min(picture.podsFor(weight), askedFor(picture, set)));
}

/** The number of pods that the specification itself is content with. */
function askedFor(picture: RolloutPicture, set: PicturedSet | undefined): number {
  const { canary, steps, stepIndex, replicas } = picture;
  const scales = steps.slice(0, stepIndex + 1).map((step) => recordOf(step['setCanaryScale']));
  const scale = scales.findLast((candidate) => Object.keys(candidate).length > 0) ?? {};
  const threshold = recordOf(canary['replicaProgressThreshold']);
  const value = numberOf(threshold['value']);
  const weight = numberOf(scale['weight']);
  return Math.min(
    numberOf(scale['replicas']) ?? Infinity,
    weight === undefined ? Infinity : Math.ceil((weight / picture.weightMax) * replicas),
    value === undefined
      ? Infinity
      : threshold['type'] === 'Pods'
        ? value
        : Math.ceil(((set?.replicas ?? 0) * value) / 100),
  );
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
