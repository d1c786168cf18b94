import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Program } from './build.ts';
import { makeCertificate, type Certificate, type Subject } from './certificate.ts';
import type { ProcessSpec } from './supervisor.ts';

/** How fast and how large the simulated nodes are; Go durations. */
export interface KubeletSettings {
  /** 1 to 200; 3 unless given. */
  readonly nodes?: number;
  readonly podsPerNode?: number;
  /** From the binding of a pod to the start of its containers; 200ms unless given. */
  readonly startLatency?: string;
  /** First restart and image-pull back-off; 10s unless given, as in a real kubelet. */
  readonly backOff?: string;
  readonly backOffMax?: string;
}

/** What the programs of one cluster need to know of each other. */
export interface ClusterLayout {
  readonly directory: string;
  readonly binaries: string;
  readonly port: number;
  readonly kubelet: KubeletSettings;
  readonly apiServerFlags: readonly string[];
}

/** Certificates of one cluster. */
export interface Authority {
  readonly root: Certificate;
  client(subject: Subject, lifetimeMs?: number): Certificate;
}

const host = '127.0.0.1';

/** Only what a rollout meets, and what takes part in the life of its pods. */
const controllers = [
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemonset-controller',
  'deployment-controller',
  'disruption-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
  'job-controller',
  'namespace-controller',
  'node-lifecycle-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'taint-eviction-controller',
  'ttl-after-finished-controller',
] as const;

/** A node is lost after this many seconds without a sign of life. */
const nodeGraceSeconds = 6;
const leaseSeconds = 2;

/** Writes the keys and certificates that the programs read. */
export function writeCredentials(layout: ClusterLayout): Authority {
  const root = makeCertificate({ commonName: 'sluice-test-authority' }, { kind: 'authority' });
  const server = makeCertificate(
    { commonName: 'kube-apiserver' },
    { kind: 'server', dnsNames: ['localhost', 'kubernetes', 'kubernetes.default.svc'], addresses: [host, '10.0.0.1'] },
    root,
  );
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  mkdirSync(join(layout.directory, 'pki'), { mode: 0o700 });
  const write = (name: string, text: string): void => writeFileSync(inPki(layout, name), text, { mode: 0o600 });
  write('authority.crt', root.pem);
  write('server.crt', server.pem);
  write('server.key', server.keyPem);
  write('service-accounts.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  write('service-accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return {
    root,
    client: (subject, lifetimeMs) => makeCertificate(subject, { kind: 'client' }, root, lifetimeMs),
  };
}

function inPki(layout: ClusterLayout, name: string): string {
  return join(layout.directory, 'pki', name);
}

/** The socket on which etcd serves its clients. Sockets need no port and no certificate. */
export function etcdSocket(layout: Pick<ClusterLayout, 'directory'>): string {
  return join(layout.directory, 'etcd.sock');
}

/** How one program is started. `kubeconfig` is an administrator's. */
export function programSpec(program: Program, layout: ClusterLayout, kubeconfig: string): ProcessSpec {
  return {
    name: program,
    file: join(layout.binaries, program),
    arguments: argumentsOf(program, layout, kubeconfig),
    environment,
  };
}

/** Four programs in one test machine: collecting garbage a little more often costs less than the memory would. */
const environment = { GOGC: '40' } as const;

function argumentsOf(program: Program, layout: ClusterLayout, kubeconfig: string): readonly string[] {
  switch (program) {
    case 'etcd':
      return etcdArguments(layout);
    case 'kube-apiserver':
      return apiServerArguments(layout);
    case 'kube-controller-manager':
      return controllerManagerArguments(layout, kubeconfig);
    case 'simulated-kubelet':
      return kubeletArguments(layout, kubeconfig);
    case 'kubectl':
      return ['--kubeconfig', kubeconfig];
  }
}

function etcdArguments(layout: ClusterLayout): readonly string[] {
  // etcd wants a port in each address; for a socket it is part of a file name, relative to the working directory.
  const peer = 'unix://peer:1';
  return [
    '--name=test',
    `--data-dir=${join(layout.directory, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=unix://${etcdSocket(layout)}`,
    '--advertise-client-urls=unix://client:1',
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--log-level=warn',
  ];
}

function apiServerArguments(layout: ClusterLayout): readonly string[] {
  return [
    `--etcd-servers=unix://${etcdSocket(layout)}`,
    `--bind-address=${host}`,
    `--secure-port=${layout.port}`,
    `--cert-dir=${join(layout.directory, 'pki')}`,
    `--tls-cert-file=${inPki(layout, 'server.crt')}`,
    `--tls-private-key-file=${inPki(layout, 'server.key')}`,
    `--client-ca-file=${inPki(layout, 'authority.crt')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${inPki(layout, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${inPki(layout, 'service-accounts.key')}`,
    '--service-cluster-ip-range=10.0.0.0/20',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
    ...layout.apiServerFlags,
  ];
}

function controllerManagerArguments(layout: ClusterLayout, kubeconfig: string): readonly string[] {
  const workers = ['deployment', 'replicaset', 'endpoint', 'service-endpoint', 'gc', 'namespace', 'job', 'statefulset'];
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
    ...workers.map((kind) => `--concurrent-${kind}-syncs=20`),
    `--service-account-private-key-file=${inPki(layout, 'service-accounts.key')}`,
    '--horizontal-pod-autoscaler-sync-period=1s',
    '--node-monitor-period=1s',
    `--node-monitor-grace-period=${nodeGraceSeconds}s`,
    '--node-eviction-rate=100',
    '--secondary-node-eviction-rate=100',
    '--profiling=false',
  ];
}

function kubeletArguments(layout: ClusterLayout, kubeconfig: string): readonly string[] {
  const { nodes, podsPerNode, startLatency, backOff, backOffMax } = layout.kubelet;
  const optional = (flag: string, value: number | string | undefined): readonly string[] =>
    value === undefined ? [] : [`--${flag}=${value}`];
  return [
    `--kubeconfig=${kubeconfig}`,
    `--directory=${join(layout.directory, 'pods')}`,
    `--lease-interval=${leaseSeconds}s`,
    ...optional('nodes', nodes),
    ...optional('pods-per-node', podsPerNode),
    ...optional('start-latency', startLatency),
    ...optional('back-off', backOff),
    ...optional('back-off-max', backOffMax),
  ];
}
