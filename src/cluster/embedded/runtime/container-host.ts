import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { ClusterPort } from '../../port.ts';
import type { Pod } from '../workloads/shapes.ts';
import type { ImageProgram } from './image-map.ts';

/** What a container needs from its pod and its runtime. */
export interface ContainerHost {
  readonly clock: Clock;
  readonly cluster: ClusterPort;
  readonly log: Log;
  readonly pod: Pod;
  readonly podIP: string;
  readonly logPath: (container: string) => string;
  /** Variables that every program gets. */
  readonly environment: ReadonlyMap<string, string>;
  /** Folder that relative working directories of image programs start from. */
  readonly programFolder: string;
  /** The program of an image, by the newest state of the map; throws when the map cannot be read. */
  readonly programFor: (image: string) => ImageProgram | undefined;
  readonly firstRestartWaitMs: number;
  /** Called after every change of what the container shows, and of its process. */
  readonly onChange: () => void;
  /** Waits until nobody sends requests to the pod any more; the answer lets them come again. */
  readonly drain: (timeoutMs: number) => Promise<() => void>;
}
