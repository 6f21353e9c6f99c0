import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { csr as csrPem } from '../../../test/support/csrs.ts'
import { acceptCsr } from '../../issuance/accept-csr.ts'
import type { IssuancePolicy } from '../../issuance/issuance-policy.ts'
import { noPassthrough } from '../../issuance/passthrough.ts'
import { prepareCertificate, type PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import { requireTemplate } from '../../issuance/templates.ts'
import { signMessage } from '../../keys/sign-message.ts'
import type { Services } from '../../services.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { parseSubjectPublicKeyInfo } from '../../x509/subject-public-key-info.ts'
import { signCertificate } from './sign-certificate.ts'

const policy = (verifySignatures: 'all' | 'ca'): IssuancePolicy => ({
  lint: 'error',
  weakKeys: 'refuse',
  verifySignatures,
})
const csr = await acceptCsr(Buffer.from(csrPem('ec-no-san')), policy('ca'))
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = {
  keyHandle: 'own',
  subjectPublicKeyInfo: parseSubjectPublicKeyInfo(
    publicKey.export({ format: 'der', type: 'spki' }),
  ),
}

/** Prepares a self-signed certificate for `key`. */
function prepared(template: string): PreparedCertificate {
  const issuedAt = new Date('2026-01-01T00:00:00Z')
  const parameters = {
    template: requireTemplate(template),
    csr,
    passthrough: noPassthrough,
    period: { notBefore: issuedAt, notAfter: new Date('2027-01-01T00:00:00Z') },
    issuedAt,
    serialNumber: Uint8Array.of(1),
    signingAlgorithm: 'SHA256WITHECDSA',
    pointers: {},
  } as const
  return prepareCertificate(parameters, key)
}

/** Signs a certificate under a verification policy. `signatures` contains the signatures that the key creates. */
async function signed(certificate: PreparedCertificate, verifySignatures: 'all' | 'ca') {
  let signatures = 0
  const keys = {
    sign: (_handle: string, algorithm: 'SHA256WITHECDSA', message: Uint8Array) => {
      signatures += 1
      return signMessage(privateKey, algorithm, { message })
    },
  } as unknown as Services['keys']
  const services = { keys, issuancePolicy: policy(verifySignatures) }
  const result = await Promise.allSettled([signCertificate(services, certificate)])
  return { result: result[0], signatures }
}

const damaged = (certificate: PreparedCertificate): PreparedCertificate => ({
  ...certificate,
  fields: { ...certificate.fields, serialNumber: Uint8Array.of(2) },
})

test('a certificate is signed under every verification policy', async () => {
  for (const template of ['EndEntityCertificate', 'RootCACertificate'])
    for (const verified of ['all', 'ca'] as const) {
      const certificate = prepared(template)
      const { result } = await signed(certificate, verified)
      assert.ok(result.status === 'fulfilled')
      const { tbsCertificateDer } = parseCertificate(result.value)
      assert.equal(Buffer.compare(tbsCertificateDer, certificate.tbsCertificateDer), 0)
    }
})

test('a certificate that cannot be parsed again is rejected before the key is used, if the policy checks it', async () => {
  const cases = [
    { template: 'EndEntityCertificate', verified: 'all', isRefused: true },
    { template: 'EndEntityCertificate', verified: 'ca', isRefused: false },
    { template: 'RootCACertificate', verified: 'all', isRefused: true },
    { template: 'RootCACertificate', verified: 'ca', isRefused: true },
  ] as const
  for (const { template, verified, isRefused } of cases) {
    const { result, signatures } = await signed(damaged(prepared(template)), verified)
    assert.equal(result.status, isRefused ? 'rejected' : 'fulfilled', `${template}, ${verified}`)
    assert.equal(signatures, isRefused ? 0 : 1)
  }
})
