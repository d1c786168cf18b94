import type { KubeObject, ResourceType } from '../../api/object.ts';
import type { Call } from '../../cluster/port.ts';
import type { Hold } from '../../engine/world.ts';
import type { RolloutPicture } from '../invariants/rollout-picture.ts';
import { Person } from '../person.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import { imageOf, type SimulatedWorld } from '../simulated-world.ts';
import { Trouble } from './trouble.ts';

/** Namespace of everything in a scenario. */
export const stageNamespace = 'shop';

/** For calls that nobody cuts short. */
export const endlessCall: Call = { signal: new AbortController().signal };

/** Where a scenario is played: the world, who acts in it, and what can be seen. */
export class Stage {
  readonly world: SimulatedWorld;
  readonly person: Person;
  /** Somebody who changes what is not theirs. */
  readonly stranger: SimulatedProcess;
  /** A node's own doing: pods that are lost. */
  readonly node: SimulatedProcess;
  /** Told what a person was answered. */
  readonly say: (line: string) => void;
  readonly #picturesOf: () => readonly RolloutPicture[];
  /** What holds raises back from outside. */
  hold: Hold | undefined;
  /** What goes wrong between the controller and the cluster. */
  readonly trouble: Trouble;

  constructor(world: SimulatedWorld, picturesOf: () => readonly RolloutPicture[], say: (line: string) => void) {
    this.world = world;
    this.trouble = new Trouble(() => world.time.nowMs);
    this.person = new Person(world.process('person'));
    this.stranger = world.process('foreign');
    this.node = world.process('cluster');
    this.say = say;
    this.#picturesOf = picturesOf;
  }

  /** The Rollout of a name; the first one without a name. */
  picture(name?: string): RolloutPicture | undefined {
    const pictures = this.#picturesOf();
    return name === undefined ? pictures[0] : pictures.find(({ key }) => key === `${stageNamespace}/${name}`);
  }

  /** Creates an object, or changes it to this when it is there. */
  async apply(type: ResourceType, object: KubeObject): Promise<void> {
    const namespaced = type.namespaced ? { namespace: stageNamespace } : {};
    const body = { ...object, metadata: { ...object.metadata, ...namespaced } };
    const { process } = this.person;
    const at = { type, ...namespaced, name: object.metadata.name };
    await process.patch(at, { kind: 'apply', body, force: true }, { fieldManager: 'person' }, endlessCall);
  }

  /** Pods with an image, in the order of their names. */
  podsOf(image: string): readonly KubeObject[] {
    const pods = [...this.world.ledger.all('Pod')].filter(
      (pod) => imageOf(pod) === image && pod.metadata.deletionTimestamp === undefined,
    );
    return pods.toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  }
}
