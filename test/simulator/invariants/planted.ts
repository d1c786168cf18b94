import type { DoctoredLog, Setting } from './doctored-log.ts';

/** A bad thing that is planted into a log, and the invariant that must notice it. */
export interface Planted {
  readonly invariant: string;
  readonly what: string;
  readonly given?: Setting;
  /** What a sound controller might do; nobody complains. */
  readonly sound: (log: DoctoredLog) => void;
  /** The bad thing; this invariant complains. */
  readonly bad: (log: DoctoredLog) => void;
}
