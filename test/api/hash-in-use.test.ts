import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { hashInUse } from '../../src/api/hash-in-use.ts';
import { earlierPodTemplateHash, podTemplateHash } from '../../src/api/pod-template-hash.ts';

const template = {
  metadata: { labels: { app: 'canary-scaledowndelay' } },
  spec: {
    containers: [
      {
        name: 'canary-scaledowndelay',
        image: 'nginx:1.19-alpine',
        ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
        resources: { requests: { memory: '16Mi', cpu: '5m' } },
      },
    ],
  },
};

describe('the hash that a revision has', () => {
  test('is another one from controllers with older libraries', () => {
    assert.equal(podTemplateHash(template), '674d8cf959');
    assert.equal(earlierPodTemplateHash(template), '66597877b7');
    assert.notEqual(earlierPodTemplateHash(template, 1), earlierPodTemplateHash(template));
  });

  const hashes = { templateHash: 'new', earlierTemplateHash: 'old' };

  test('is the new one where nobody knows either', () => {
    assert.equal(hashInUse(hashes, {}), 'new');
    assert.equal(hashInUse(hashes, { currentPodHash: 'other', stableRS: 'other' }, ['other']), 'new');
  });

  test('is the earlier one where status or ReplicaSets have it', () => {
    assert.equal(hashInUse(hashes, { currentPodHash: 'old' }), 'old');
    assert.equal(hashInUse(hashes, { currentPodHash: 'other', stableRS: 'old' }), 'old');
    assert.equal(hashInUse(hashes, {}, ['other', 'old']), 'old');
  });

  test('is the new one where both are there', () => {
    assert.equal(hashInUse(hashes, { currentPodHash: 'old' }, ['new', 'old']), 'new');
  });
});
