import { fnv1a32 } from '../base/random.ts';
import type { JsonObject } from './json-value.ts';
import { fillIn, defaultTemplate } from './pod-defaults.ts';
import { hashLabel, podTemplateJson } from './pod-template-hash.ts';
import type { PodTemplateSpec } from './pod-template.ts';

/**
 * Tells templates apart by what they mean to an API server: the defaults that it fills in make no difference, nor does
 * the hash that a ReplicaSet's template carries. The template of a ReplicaSet has the digest of the template that it
 * was made from, whoever made it and whatever it is called.
 */
export function templateDigest(template: PodTemplateSpec): string {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const own = { ...template, metadata: { ...template.metadata, labels } };
  // A template is JSON; its open fields are typed `unknown`.
  const filled: PodTemplateSpec = withAccount(defaultTemplate(own as unknown as JsonObject));
  const text = podTemplateJson(filled);
  return `${text.length}/${fnv1a32(new TextEncoder().encode(text))}`;
}

/** An API server writes the name of the service account under its former name too. */
function withAccount(template: JsonObject): JsonObject {
  const { spec } = template as { readonly spec?: JsonObject };
  const { serviceAccountName } = spec ?? {};
  if (spec === undefined || serviceAccountName === undefined) return template;
  return { ...template, spec: fillIn(spec, { serviceAccount: serviceAccountName }) };
}
