import { lintManifests } from '../../api/lint-manifests.ts';
import type { ManifestObject } from '../../api/manifest.ts';
import { capabilitiesOf } from '../../controller/routers.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';
import type { ManifestSet } from './manifest-set.ts';

/** An object that the cluster refuses. */
export interface Refusal {
  readonly manifest: ManifestObject;
  /** What the cluster says, with the place of the object. */
  readonly message: string;
}

/**
 * Everything that is wrong in a set that cannot be applied, each with `file:line[:column]`: what could not be read,
 * what `sluice lint` calls an error, and what only the cluster knows. So nobody has to mend one mistake to be told
 * the next.
 */
export function explainRefusal(set: ManifestSet, refusals: readonly Refusal[]): readonly string[] {
  const findings = lintManifests(set.objects, capabilitiesOf(trafficRouters)).filter(
    ({ severity }) => severity === 'error',
  );
  // What the cluster says of an object with mistakes is among them.
  const explained = new Set(findings.map(({ file, subject }) => `${file} ${subject}`));
  const others = refusals.filter(({ manifest: { file, object } }) => {
    return !explained.has(`${file} ${object.kind} ${object.metadata.name ?? ''}`);
  });
  return [
    ...set.problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`),
    ...findings.map(({ file, line, column, subject, message }) => `${file}:${line}:${column}: ${subject}: ${message}`),
    ...others.map(({ message }) => message),
  ];
}
