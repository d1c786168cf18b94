import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createHttpPolicy } from '../../src/controller/http-policy.ts';

describe('the policy of requests', () => {
  const strict = createHttpPolicy({ loopback: 'deny' });
  const local = createHttpPolicy({ loopback: 'allow' });

  it('denies addresses that only the controller reaches, however they are written', () => {
    for (const url of [
      'http://127.0.0.1/',
      'http://127.8.9.10/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://017700000001/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[0:0:0:0:0:ffff:7f00:0001]/',
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
      'http://[::7f00:1]/',
      'http://0.0.0.0/',
      'http://0/',
      'http://[::]/',
      'http://169.254.169.254/latest/meta-data/',
      'http://[::ffff:a9fe:a9fe]/',
      'http://[fe80::1]/',
      'http://[fd00:ec2::254]/',
      'http://100.100.100.200/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
      'https://kubernetes.default.svc/api',
      'https://kubernetes.default.svc.cluster.local./api',
      'https://KUBERNETES/api',
    ]) {
      assert.ok((strict.refuseUrl(new URL(url)) ?? '').length > 10, url);
    }
  });

  it('lets other addresses be asked', () => {
    for (const url of [
      'http://prometheus.monitoring:9090/',
      'http://kubernetes-metrics.default/',
      'http://10.1.2.3:8080/metrics',
      'http://[fd12:3456::1]/',
      'http://[2001:db8::7f00:1]/',
      'https://metrics.example/',
    ]) {
      assert.equal(strict.refuseUrl(new URL(url)), undefined, url);
    }
    for (const url of ['http://127.0.0.1:9/', 'http://[::1]/', 'http://[::ffff:7f00:1]/']) {
      assert.equal(local.refuseUrl(new URL(url)), undefined, url);
    }
    for (const url of ['http://169.254.169.254/', 'http://0.0.0.0/']) {
      assert.notEqual(local.refuseUrl(new URL(url)), undefined, url);
    }
  });

  it('holds every address of a name against the rules', () => {
    assert.equal(strict.refuseAddress('10.0.0.1'), undefined);
    assert.match(strict.refuseAddress('::ffff:127.0.0.1') ?? '', /own addresses/);
    assert.match(strict.refuseAddress('fe80::1%eth0') ?? '', /link-local/);
    assert.match(strict.refuseAddress('somewhere') ?? '', /no IP address/);
  });

  it('knows hosts that alone may be asked, and addresses that may not', () => {
    const policy = createHttpPolicy({
      loopback: 'deny',
      hosts: ['prometheus.monitoring', '*.Example.com', '10.0.0.7'],
      forbiddenAddresses: ['10.96.0.1', 'fd00::1'],
      secureOnly: true,
    });
    for (const url of ['https://prometheus.monitoring:9090/', 'https://a.b.example.com/', 'https://10.0.0.7/']) {
      assert.equal(policy.refuseUrl(new URL(url)), undefined, url);
    }
    for (const url of ['https://example.com/', 'https://evil-example.com/', 'https://10.0.0.8/', 'http://10.0.0.7/']) {
      assert.notEqual(policy.refuseUrl(new URL(url)), undefined, url);
    }
    assert.notEqual(policy.refuseAddress('10.96.0.1'), undefined);
    assert.notEqual(policy.refuseAddress('::ffff:10.96.0.1'), undefined);
    assert.notEqual(policy.refuseAddress('fd00::1'), undefined);
  });
});
