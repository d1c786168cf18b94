import { controllerUid } from '../../api/controller-owner.ts';
import { recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Commit, Ledger } from '../ledger.ts';
import { RolloutPicture, type Scene } from './rollout-picture.ts';

/** Which Rollouts a write concerns. */
export class RolloutIndex {
  readonly #ledger: Ledger;
  readonly #scene: Scene;
  /** Keys of Rollouts by uid. */
  readonly #rollouts = new Map<string, string>();
  readonly #ownerOfSet = new Map<string, string>();
  readonly #referrers = new Map<string, Set<string>>();
  readonly #references = new Map<string, readonly string[]>();

  constructor(ledger: Ledger, scene: Scene) {
    this.#ledger = ledger;
    this.#scene = scene;
  }

  /** uids of all Rollouts. */
  get uids(): Iterable<string> {
    return this.#rollouts.keys();
  }

  /** Takes a write in; the ledger knows it already. */
  take({ kind, object, type }: Commit): void {
    const { uid = '', namespace = '', name } = object.metadata;
    if (kind === 'ReplicaSet') this.#ownerOfSet.set(uid, controllerUid(object) ?? '');
    if (kind !== 'Rollout') return;
    if (type === 'DELETED') {
      this.#rollouts.delete(uid);
      this.#refer(uid, []);
      return;
    }
    this.#rollouts.set(uid, `${namespace}/${name}`);
    this.#refer(uid, referencesOf(object, this.#scene));
  }

  /** Pictures of the Rollouts that a write concerns. */
  concerned({ kind, object, namespace, name }: Commit): readonly RolloutPicture[] {
    switch (kind) {
      case 'Rollout':
        return this.pictures([object.metadata.uid ?? '']);
      case 'ReplicaSet':
      case 'AnalysisRun':
        return this.pictures([controllerUid(object) ?? '']);
      case 'Pod':
        return this.pictures([this.#ownerOfSet.get(controllerUid(object) ?? '') ?? '']);
      case 'Deployment':
      case 'Service':
      case 'HTTPRoute':
        return this.pictures(this.#referrers.get(`${kind}/${namespace}/${name}`) ?? []);
      default:
        return [];
    }
  }

  pictures(uids: Iterable<string>): readonly RolloutPicture[] {
    return [...uids].flatMap((uid) => {
      const [namespace = '', name = ''] = this.#rollouts.get(uid)?.split('/') ?? [];
      const rollout = this.#ledger.get('Rollout', namespace, name);
      return rollout === undefined ? [] : [new RolloutPicture(rollout, this.#scene)];
    });
  }

  #refer(uid: string, targets: readonly string[]): void {
    const before = this.#references.get(uid) ?? [];
    if (before.length === targets.length && before.every((target, index) => target === targets[index])) return;
    for (const target of before) this.#referrers.get(target)?.delete(uid);
    for (const target of targets) this.#referrers.set(target, (this.#referrers.get(target) ?? new Set()).add(uid));
    this.#references.set(uid, targets);
  }
}

function referencesOf(rollout: KubeObject, scene: Scene): readonly string[] {
  const picture = new RolloutPicture(rollout, scene);
  const { namespace, blueGreen = {}, canaryService, stableService, routeNames } = picture;
  const services = [
    canaryService,
    stableService,
    textOf(blueGreen['activeService']),
    textOf(blueGreen['previewService']),
  ];
  const workload = recordOf(picture.spec['workloadRef']);
  return [
    `${textOf(workload['kind'])}/${namespace}/${textOf(workload['name'])}`,
    ...services.filter((name) => name !== '').map((name) => `Service/${namespace}/${name}`),
    ...routeNames.map((name) => `HTTPRoute/${namespace}/${name}`),
  ];
}
