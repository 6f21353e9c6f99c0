import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  basicConstraints,
  certSignUsage,
  craft,
  named,
  type Crafted,
} from '../../../test/support/crafted-certificates.ts'
import { oids } from '../../x509/der/oid.ts'
import { encodeKeyUsage } from '../../x509/extensions/key-usage.ts'
import type { AuthoritySummary } from '../authorities.ts'
import { buildTree, treeLines } from './authority-tree.ts'
import { templateLike } from './ca-template.ts'
import { externalAnswer } from './renew-authority.ts'
import { validityPeriod } from './renewal-plan.ts'
import { pemOf } from './ca-certificate.ts'

function summary(name: string, type: 'ROOT' | 'SUBORDINATE', status = 'ACTIVE'): AuthoritySummary {
  return {
    arn: `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${name}`,
    name,
    type,
    status,
    keyAlgorithm: 'EC_prime256v1',
    notAfter: null,
    crlDays: null,
    ocsp: false,
  }
}

const certified = (authority: AuthoritySummary, { certificate }: Crafted) => ({
  authority,
  certificate,
  chain: [],
})

test('the tree has each CA below its issuer, and CAs without an issuer at the top', async () => {
  const rootCa = craft({ subject: named('Root') })
  const middleCa = craft({ subject: named('Middle') }, rootCa)
  const [root, middle, leaf, foreign, pending] = [
    summary('root', 'ROOT'),
    summary('middle', 'SUBORDINATE'),
    summary('leaf', 'SUBORDINATE'),
    summary('foreign', 'SUBORDINATE'),
    summary('pending', 'SUBORDINATE', 'PENDING_CERTIFICATE'),
  ]
  const tree = await buildTree(
    [leaf, middle, root, foreign, pending],
    [
      certified(root, rootCa),
      certified(middle, middleCa),
      certified(leaf, craft({ subject: named('Leaf') }, middleCa)),
      // A CA with the same name but a different key.
      certified(foreign, craft({ subject: named('Foreign') }, craft({ subject: named('Root') }))),
    ],
  )
  assert.deepEqual(
    treeLines(tree).map(({ node, prefix }) => `${prefix}${node.authority.name}`),
    ['root', '└─ middle', '   └─ leaf', 'foreign', 'pending'],
  )
  assert.deepEqual(
    tree.map(({ externalIssuer }) => externalIssuer),
    [null, 'CN=Root', null],
  )
})

const usage = {
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage(['digitalSignature', 'keyCertSign', 'cRLSign']),
}
const custom = { oid: '1.2.3.4', critical: false, value: Buffer.from('0500', 'hex') }

test('a renewal uses the template of the first issuance', () => {
  const sub = (...extensions: Parameters<typeof templateLike>[0]['extensions'][number][]) =>
    templateLike({ extensions }, 'SUBORDINATE')
  assert.deepEqual(sub(basicConstraints(1), usage), {
    template: 'SubordinateCACertificate_PathLen1',
  })
  assert.deepEqual(templateLike({ extensions: [basicConstraints(), usage] }, 'ROOT'), {
    template: 'RootCACertificate',
  })
})

test('additional extensions and a different key usage are passed through', () => {
  const { template, apiPassthrough } = templateLike(
    { extensions: [basicConstraints(0), usage, custom] },
    'SUBORDINATE',
  )
  assert.equal(template, 'SubordinateCACertificate_PathLen0_APIPassthrough')
  assert.deepEqual(apiPassthrough?.Extensions?.CustomExtensions, [
    { ObjectIdentifier: '1.2.3.4', Value: 'BQA=', Critical: false },
  ])
  const other = templateLike({ extensions: [basicConstraints(0), certSignUsage] }, 'SUBORDINATE')
  assert.equal(other.template, 'BlankSubordinateCACertificate_PathLen0_APIPassthrough')
  assert.equal(
    other.apiPassthrough?.Extensions?.CustomExtensions?.[0]?.ObjectIdentifier,
    oids.keyUsage,
  )
  const root = templateLike({ extensions: [basicConstraints(2), usage] }, 'ROOT')
  assert.equal(root.template, 'BlankRootCACertificate_PathLen2_APIPassthrough')
  assert.equal(root.apiPassthrough?.Extensions?.CustomExtensions?.length, 1)
})

test('a certificate that no template can reproduce is refused, and the error states the alternative', () => {
  for (const pathLength of [undefined, 4])
    assert.throws(
      () => templateLike({ extensions: [basicConstraints(pathLength), usage] }, 'SUBORDINATE'),
      /path length constraint.*--csr-out/,
    )
})

test('the validity of a certificate does not include the hour before its issuance', () => {
  const { certificate } = craft({ subject: named('Root') })
  const period = (notBefore: string, notAfter: string): number =>
    validityPeriod({
      ...certificate,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
    })
  assert.equal(period('2026-01-01T00:00:00Z', '2026-01-11T01:00:00Z'), 10 * 86_400_000)
  assert.equal(period('2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'), 3_600_000)
})

test('the chain of an external issuer may be in the same file as the certificate', () => {
  const root = craft({ subject: named('External') })
  const issuing = craft({ subject: named('Issuing') }, root)
  const [own, above] = [pemOf([issuing.certificate]), pemOf([root.certificate])]
  assert.deepEqual(externalAnswer(own + above, undefined), { certificate: own, chain: above })
  assert.deepEqual(externalAnswer(own, above), { certificate: own, chain: above })
  assert.throws(() => externalAnswer('', undefined), /--certificate: the file has no certificate/)
  assert.throws(() => externalAnswer(own, undefined), /issued by another CA; specify its chain/)
  assert.deepEqual(externalAnswer(above, undefined), { certificate: above, chain: '' })
  assert.throws(() => externalAnswer(own, 'none'), /--chain: the file has no certificate/)
})
