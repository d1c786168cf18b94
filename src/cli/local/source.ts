import type { ManifestSet } from './manifest-set.ts';

/** Where manifests come from: a directory, or a branch of a Git repository. */
export interface ManifestSource {
  /** What it is, for messages, e.g. `/srv/app` or `https://… branch main`. */
  readonly description: string;
  /** What `read` would answer as revision, found out as cheaply as possible. */
  revision(signal: AbortSignal): Promise<string>;
  /** Reads what is there now. Rejects with SourceUnreadable when it cannot be read at all. */
  read(signal: AbortSignal): Promise<ManifestSet>;
}
