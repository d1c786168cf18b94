import type { KubeObject } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode } from '../../../base/error.ts';
import { equalJson } from '../json.ts';
import { controllerReference } from './claim-objects.ts';
import type { WorkloadContext } from './replica-set.ts';
import { serviceEndpoints, type EndpointGroup } from './service-endpoints.ts';
import type { EndpointSlice, Pod, Service } from './shapes.ts';

/** Endpoints of one slice, at most. */
const endpointCountMax = 100;

const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const serviceNameLabel = 'kubernetes.io/service-name';
const managedBy = 'endpointslice-controller.k8s.io';

/** One pass over a Service: its EndpointSlices say which pods stand behind it. */
export async function reconcileEndpointSlices(key: string, context: WorkloadContext): Promise<undefined> {
  const { cluster } = context;
  const [namespace = '', name = ''] = key.split('/');
  await cluster.settle(resourceTypes.endpointSlice, namespace);
  const service: Service | undefined = cluster.of(resourceTypes.service).get(namespace, name);
  const wanted =
    service === undefined || !hasSlices(service) ? [] : wantedSlices(service, podsBehind(context, service));
  const existing: readonly EndpointSlice[] = cluster.of(resourceTypes.endpointSlice).withLabels(namespace, {
    [serviceNameLabel]: name,
    [managedByLabel]: managedBy,
  });
  for (const slice of wanted) {
    const known = existing.find((candidate) => candidate.metadata.name === slice.metadata.name);
    await writeSlice(context, slice, known);
  }
  const names = new Set(wanted.map((slice) => slice.metadata.name));
  for (const slice of existing) {
    if (!names.has(slice.metadata.name)) await cluster.delete(resourceTypes.endpointSlice, slice);
  }
}

function hasSlices({ spec, metadata }: Service): boolean {
  const isSelecting = Object.keys(spec?.selector ?? {}).length > 0;
  return isSelecting && spec?.type !== 'ExternalName' && metadata.deletionTimestamp === undefined;
}

function podsBehind({ cluster }: WorkloadContext, { metadata: { namespace = '' }, spec }: Service): readonly Pod[] {
  return cluster.of(resourceTypes.pod).withLabels(namespace, spec?.selector ?? {});
}

/** Names are made from the Service's, so that a slice that was created without an answer is found again. */
function wantedSlices(service: Service, pods: readonly Pod[]): readonly EndpointSlice[] {
  const groups = serviceEndpoints(service, pods).flatMap(inChunks);
  // A Service without pods has one empty slice, so that "no pods" can be told from "not looked at yet".
  const slices = groups.length === 0 ? [{ ports: [], endpoints: [] }] : groups;
  const { name, namespace = '', labels = {} } = service.metadata;
  return slices.map(({ ports, endpoints }, index) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${index + 1}`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
      ownerReferences: [controllerReference(resourceTypes.service, service)],
    },
    addressType: 'IPv4',
    ports,
    endpoints,
  }));
}

function inChunks({ ports, endpoints }: EndpointGroup): readonly EndpointGroup[] {
  const chunks: EndpointGroup[] = [];
  for (let start = 0; start < endpoints.length; start += endpointCountMax) {
    chunks.push({ ports, endpoints: endpoints.slice(start, start + endpointCountMax) });
  }
  return chunks;
}

async function writeSlice(
  { cluster }: WorkloadContext,
  wanted: EndpointSlice,
  known: EndpointSlice | undefined,
): Promise<void> {
  if (known === undefined) {
    await createSlice(cluster, wanted);
    return;
  }
  const { endpoints, ports } = wanted;
  const { labels, ownerReferences } = wanted.metadata;
  const isSame =
    equalJson(known.endpoints ?? [], endpoints) &&
    equalJson(known.ports ?? [], ports) &&
    equalJson(known.metadata.ownerReferences, ownerReferences) &&
    Object.entries(labels ?? {}).every(([name, value]) => known.metadata.labels?.[name] === value);
  if (isSame) return;
  await cluster.patch(resourceTypes.endpointSlice, known, { metadata: { labels, ownerReferences }, endpoints, ports });
}

async function createSlice(cluster: WorkloadContext['cluster'], wanted: KubeObject): Promise<void> {
  try {
    await cluster.create(resourceTypes.endpointSlice, wanted);
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    // Made before without an answer, or somebody else's: the next pass sees which.
    const existing = await cluster.read(resourceTypes.endpointSlice, wanted);
    if (existing !== undefined) cluster.of(resourceTypes.endpointSlice).put(existing);
    throw error;
  }
}
