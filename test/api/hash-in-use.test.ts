import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { hashInUse } from '../../src/api/hash-in-use.ts';
import { defaultTemplate } from '../../src/api/pod-defaults.ts';
import { earlierPodTemplateHash, podTemplateHash } from '../../src/api/pod-template-hash.ts';
import { templateDigest } from '../../src/api/template-digest.ts';

const container = {
  name: 'canary-scaledowndelay',
  image: 'nginx:1.19-alpine',
  ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
  resources: { requests: { memory: '16Mi', cpu: '5m' } },
};
const template = {
  metadata: { labels: { app: 'canary-scaledowndelay' } },
  spec: {
    containers: [container],
  },
};

describe('the hash that a revision has', () => {
  test('is another one from controllers with older libraries', () => {
    assert.equal(podTemplateHash(template), '674d8cf959');
    assert.equal(earlierPodTemplateHash(template), '66597877b7');
    assert.notEqual(earlierPodTemplateHash(template, 1), earlierPodTemplateHash(template));
  });

  const identity = { templateHash: 'new', earlierTemplateHash: 'old', templateDigest: 'same' };
  const named = (...hashes: string[]) => hashes.map((hash) => ({ hash, templateDigest: 'another' }));
  const alike = (...hashes: string[]) => hashes.map((hash) => ({ hash, templateDigest: 'same' }));

  test('is the new one where nobody knows either', () => {
    assert.equal(hashInUse(identity, {}, []), 'new');
    assert.equal(hashInUse(identity, { currentPodHash: 'other', stableRS: 'other' }, named('other')), 'new');
  });

  test('is the earlier one where status or ReplicaSets have it', () => {
    assert.equal(hashInUse(identity, { currentPodHash: 'old' }, []), 'old');
    assert.equal(hashInUse(identity, { currentPodHash: 'other', stableRS: 'old' }, []), 'old');
    assert.equal(hashInUse(identity, {}, named('other', 'old')), 'old');
  });

  test('is the new one where both are there', () => {
    assert.equal(hashInUse(identity, { currentPodHash: 'old' }, named('new', 'old')), 'new');
  });

  test('is that of a ReplicaSet with the same template, the current and the stable one first', () => {
    assert.equal(hashInUse(identity, {}, [...named('other'), ...alike('third')]), 'third');
    assert.equal(hashInUse(identity, { stableRS: 'second' }, alike('first', 'second', 'third')), 'second');
    const status = { currentPodHash: 'third', stableRS: 'second' };
    assert.equal(hashInUse(identity, status, alike('first', 'second', 'third')), 'third');
  });
});

describe('the digest of a template', () => {
  test('is that of the template of its ReplicaSet', () => {
    const own = { ...template, spec: { containers: [{ ...container, env: [] }], serviceAccountName: 'web' } };
    const stored = defaultTemplate(structuredClone(own));
    const labels = { ...template.metadata.labels, 'rollouts-pod-template-hash': '674d8cf959' };
    const spec = { ...(stored['spec'] as object), serviceAccount: 'web' };
    assert.equal(templateDigest({ metadata: { labels }, spec }), templateDigest(own));
  });

  test('changes with everything that matters', () => {
    const digests = [
      template,
      { ...template, metadata: { labels: { app: 'another' } } },
      { ...template, spec: { containers: [{ ...container, image: 'nginx:1.20-alpine' }] } },
      { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: 31 } },
      { ...template, spec: { ...template.spec, priorityClassName: 'high' } },
    ].map((one) => templateDigest(one));
    assert.equal(new Set(digests).size, digests.length);
  });
});
