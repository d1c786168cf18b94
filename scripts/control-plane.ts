import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { messageOf } from '../src/base/error.ts';
import { findBinaries } from '../test/control-plane/binaries.ts';
import { startOwnControlPlane } from '../test/control-plane/control-plane.ts';
import { findKeda } from '../test/control-plane/keda.ts';

const usage = `usage: node scripts/control-plane.ts build
       node scripts/control-plane.ts up [--port PORT] [--nodes COUNT] [--gateway-api] [--manifest FILE]...

build  builds the control plane and KEDA's operator into their caches
up     starts a control plane, prints its kubeconfig, and takes it down at Ctrl-C or when its input ends`;

/** Exit status: 0 done, 1 it did not work, 2 it was asked wrongly. */
process.exitCode = await main();

async function main(): Promise<number> {
  let command;
  try {
    command = parse();
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  try {
    return command.name === 'build' ? await build() : await up(command);
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

interface Up {
  readonly name: 'up';
  readonly port?: number;
  readonly nodes?: number;
  readonly gatewayApi: boolean;
  readonly manifests: readonly string[];
}

function parse(): Up | { readonly name: 'build' } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      nodes: { type: 'string' },
      'gateway-api': { type: 'boolean', default: false },
      manifest: { type: 'string', multiple: true, default: [] },
    },
  });
  const [name, ...more] = positionals;
  if (name === 'build' && more.length === 0) return { name };
  if (name !== 'up' || more.length > 0) throw new Error(`unknown command "${positionals.join(' ')}"`);
  return {
    name,
    gatewayApi: values['gateway-api'],
    manifests: values.manifest,
    ...(values.port !== undefined && { port: wholeNumber('--port', values.port, 65_535) }),
    ...(values.nodes !== undefined && { nodes: wholeNumber('--nodes', values.nodes, 200) }),
  };
}

function wholeNumber(flag: string, text: string, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
  throw new Error(`${flag}=${text} must be a whole number from 1 to ${maximum}`);
}

async function build(): Promise<number> {
  const binaries = await findBinaries({ report: (line) => console.error(line) });
  if (!binaries.ok) {
    console.error(binaries.error);
    return 1;
  }
  console.log(`${binaries.value.directory} (${(binaries.value.buildMs / 1000).toFixed(1)} s of building)`);
  const keda = await findKeda({ report: (line) => console.error(line) });
  if (keda.ok) console.log(`${keda.value.directory} (${(keda.value.durationMs / 1000).toFixed(1)} s of building)`);
  else console.error(keda.error);
  return keda.ok ? 0 : 1;
}

async function up({ port, nodes, gatewayApi, manifests }: Up): Promise<number> {
  const started = await startOwnControlPlane({
    gatewayApi,
    manifests,
    ...(port !== undefined && { port }),
    ...(nodes !== undefined && { kubelet: { nodes } }),
  });
  if (!started.ok) {
    console.error(started.error);
    return 1;
  }
  const plane = started.value;
  console.log(
    `Kubernetes ${plane.version} at ${plane.connection().server.origin}, ready after ${Math.round(plane.startMs)} ms`,
  );
  console.log(`export KUBECONFIG=${plane.kubeconfig()}`);
  process.stdin.resume();
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process.stdin, 'end')]);
  await plane.stop();
  process.stdin.destroy();
  return 0;
}
