import { SluiceError } from '../base/error.ts';

/** Names of kinds that may stand before an object's name, as in `rollout/web`. */
const kinds = {
  rollout: ['rollout', 'rollouts', 'ro', 'rollout.argoproj.io', 'rollouts.argoproj.io'],
  analysisrun: ['analysisrun', 'analysisruns', 'ar', 'analysisrun.argoproj.io', 'analysisruns.argoproj.io'],
  experiment: ['experiment', 'experiments', 'exp', 'experiment.argoproj.io', 'experiments.argoproj.io'],
} as const;

/** A kind that commands take. */
export type CommandedKind = keyof typeof kinds;

/** The name of an object from `web` or `rollout/web`. Throws Usage for another kind, or for what is no name. */
export function objectName(text: string, kind: CommandedKind): string {
  const parts = text.split('/');
  const [prefix, name] = parts.length === 1 ? [kind, text] : parts;
  const known: readonly string[] = kinds[kind];
  if (parts.length > 2 || prefix === undefined || !known.includes(prefix.toLowerCase())) {
    throw new SluiceError('Usage', `"${text}" is no ${kind}; write its name, or ${kind}/NAME`);
  }
  if (name === undefined || !/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) {
    throw new SluiceError('Usage', `"${name ?? ''}" is no name of a ${kind}; names are lower case, as in "web-1"`);
  }
  return name;
}

/** Path of an object in the API; `watch` for its watch. */
export function objectPath(namespace: string, plural: string, name: string, watch = false): string {
  const place = `namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
  return `/api/v1/${watch ? 'watch/' : ''}${place}`;
}

/** Query of a list; every namespace when it is undefined. */
export function listQuery(namespace: string | undefined): string {
  return namespace === undefined ? '' : `?namespace=${encodeURIComponent(namespace)}`;
}
