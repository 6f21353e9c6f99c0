/** Tests of the key algorithms of CAs and of CSRs, and of weak keys. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../src/x509/certification-request.ts'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import { encodePem } from '../../src/x509/pem.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, createSubordinate, issue, issueInput } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let root: { arn: string; csr: string; certificate: string }
before(async () => {
  service = await TestService.start()
  root = await createRoot(service)
})
after(() => service.close())

type KeyName = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'

/** A CSR with an ML-DSA key. None of the external tools can create a CSR with an ML-DSA key. */
function mlDsaCsr(name: KeyName): string {
  const { privateKey, publicKey } = generateKeyPairSync(name as 'ml-dsa-44')
  const info = encodeCertificationRequestInfo({
    subject: encodeName([{ type: '2.5.4.3', value: `${name}.example.com` }]),
    subjectPublicKeyInfo: publicKey.export({ format: 'der', type: 'spki' }),
    extensions: [],
  })
  const algorithm = signatureAlgorithmIdentifier(name.toUpperCase().replaceAll('-', '_'))
  const request = encodeCertificationRequest(info, algorithm, sign(null, info, privateKey))
  return encodePem('CERTIFICATE REQUEST', request)
}

/** Verifies a chain with node:crypto: each certificate must be signed by the next, and the last must be self-signed. */
function assertChain(pems: readonly string[]): void {
  const chain = pems.map((pem) => new X509Certificate(pem))
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? certificate
    assert.equal(certificate.verify(issuer.publicKey), true, `signature of ${certificate.subject}`)
    assert.equal(certificate.checkIssued(issuer), true, `issuer of ${certificate.subject}`)
  }
}

for (const keyAlgorithm of ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'])
  test(`a root and an issuing CA with ${keyAlgorithm} keys sign leaf certificates of every key type`, async () => {
    const mlDsaRoot = await createRoot(service, { keyAlgorithm })
    const issuing = await createSubordinate(service, mlDsaRoot, {
      keyAlgorithm,
      parentSigningAlgorithm: keyAlgorithm,
    })
    const requests = ['ec-server', 'ec-p521', 'ed25519', 'rsa-2048'].map(csr)
    for (const request of [...requests, mlDsaCsr('ml-dsa-44'), mlDsaCsr('ml-dsa-87')]) {
      const leaf = await issue(
        service,
        { arn: issuing.arn, csr: request },
        { signingAlgorithm: keyAlgorithm },
      )
      assertChain([leaf.certificate, issuing.certificate, mlDsaRoot.certificate])
      assert.equal(leaf.chain, `${issuing.certificate}\n${mlDsaRoot.certificate}`)
    }
    const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
      CertificateAuthorityArn: issuing.arn,
    })
    assert.equal(CertificateAuthority.Status, 'ACTIVE')
    assert.equal(CertificateAuthority.CertificateAuthorityConfiguration.KeyAlgorithm, keyAlgorithm)
    assert.match(
      await service.refusal('IssueCertificate', issueInput(issuing.arn, csr('ec-server'))),
      /^InvalidArgsException: Signing algorithm SHA256WITHECDSA cannot be used with key type ML_DSA/,
    )
  })

test('hierarchies of mixed key algorithms have valid chains', async () => {
  const rsaRoot = await createRoot(service, { keyAlgorithm: 'RSA_3072' })
  const ecIssuing = await createSubordinate(service, rsaRoot, {
    keyAlgorithm: 'EC_secp384r1',
    parentSigningAlgorithm: 'SHA512WITHRSA',
  })
  const mlDsaLeaf = await issue(
    service,
    { arn: ecIssuing.arn, csr: mlDsaCsr('ml-dsa-65') },
    { signingAlgorithm: 'SHA384WITHECDSA' },
  )
  assertChain([mlDsaLeaf.certificate, ecIssuing.certificate, rsaRoot.certificate])
  assert.equal(new X509Certificate(mlDsaLeaf.certificate).publicKey.asymmetricKeyType, 'ml-dsa-65')
  const mlDsaRoot = await createRoot(service, { keyAlgorithm: 'ML_DSA_87' })
  const ecBelow = await createSubordinate(service, mlDsaRoot, {
    parentSigningAlgorithm: 'ML_DSA_87',
  })
  const ecLeaf = await issue(service, { arn: ecBelow.arn, csr: csr('ec-server') })
  assertChain([ecLeaf.certificate, ecBelow.certificate, mlDsaRoot.certificate])
  const direct = await issue(
    service,
    { arn: mlDsaRoot.arn, csr: csr('ec-server') },
    { signingAlgorithm: 'ML_DSA_87' },
  )
  assertChain([direct.certificate, mlDsaRoot.certificate])
})

test('the public key of a CSR is certified unchanged, for every key type', async () => {
  for (const request of [
    ...['ed25519', 'ec-p384', 'ec-p521', 'rsa-2048', 'rsa-8192'].map(csr),
    mlDsaCsr('ml-dsa-65'),
  ]) {
    const { certificate } = await issue(service, { arn: root.arn, csr: request })
    const requested = new peculiar.Pkcs10CertificateRequest(request).publicKey.rawData
    const issued = new peculiar.X509Certificate(certificate).publicKey.rawData
    assert.deepEqual(Buffer.from(issued), Buffer.from(requested))
    assertChain([certificate, root.certificate])
  }
})

const weak: [string, RegExp][] = [
  ['rsa-1024', /RSA key has 1024 bits, fewer than 2048$/],
  ['rsa-exponent-3', /RSA exponent 3 is smaller than 65537$/],
  ['rsa-even-exponent', /RSA exponent is even$/],
]

test('weak keys are refused with the reason', async () => {
  for (const [name, text] of weak) {
    const refusal = await service.refusal('IssueCertificate', issueInput(root.arn, csr(name)))
    assert.match(refusal, /^MalformedCSRException: CSR has a public key that is not accepted: /)
    assert.match(refusal, text)
  }
})

test('--weak-keys=allow certifies weak keys as AWS does', async () => {
  const weakKeyService = await TestService.start({ weakKeys: 'allow' })
  try {
    const ca = await createRoot(weakKeyService)
    for (const [name] of weak) {
      const { certificate } = await issue(weakKeyService, { arn: ca.arn, csr: csr(name) })
      const requested = new peculiar.Pkcs10CertificateRequest(csr(name)).publicKey.rawData
      const issued = new peculiar.X509Certificate(certificate).publicKey.rawData
      assert.deepEqual(Buffer.from(issued), Buffer.from(requested), name)
      assertChain([certificate, ca.certificate])
    }
  } finally {
    await weakKeyService.close()
  }
})
