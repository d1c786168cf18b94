import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createEmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';

// Writes to a state file until it is killed: `node state-writer.ts FILE`. Every acknowledged write is told on standard
// output as `NAME COUNT VERSION`.

const [statePath = ''] = process.argv.slice(2);
const clientCount = 32;
const type = resourceTypes.configMap;
const call = { signal: new AbortController().signal };
const cluster = createEmbeddedCluster({ clock: systemClock, random: seededRandom(1), statePath });

async function client(name: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' }, data: { count: '0' } };
  await cluster.create(type, object, {}, call);
  for (let count = 1; ; count += 1) {
    const body = { data: { count: String(count), filling: 'x'.repeat(1500) } };
    const at = { type, namespace: 'a', name };
    const { metadata } = await cluster.patch(at, { kind: 'merge', body }, {}, call);
    process.stdout.write(`${name} ${count} ${metadata.resourceVersion}\n`);
  }
}

await Promise.all(Array.from({ length: clientCount }, (_, index) => client(`c${index}`)));
