import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { csr as csrPem } from '../../../test/support/csrs.ts'
import { acceptCsr } from '../../issuance/accept-csr.ts'
import { noPassthrough } from '../../issuance/passthrough.ts'
import { prepareCertificate } from '../../issuance/prepare-certificate.ts'
import { requireTemplate } from '../../issuance/templates.ts'
import { KeyOutage } from '../../keys/key-outage.ts'
import { KeyNotFoundError, KeyUnavailableError } from '../../keys/key-store.ts'
import { signInTime } from './sign-in-time.ts'

const issuancePolicy = { lint: 'error', weakKeys: 'refuse', verifySignatures: 'ca' } as const
const csr = await acceptCsr(Buffer.from(csrPem('ec-no-san')), issuancePolicy)
const issuedAt = new Date('2026-01-01T00:00:00Z')
const prepared = prepareCertificate(
  {
    template: requireTemplate('EndEntityCertificate'),
    csr,
    passthrough: noPassthrough,
    period: { notBefore: issuedAt, notAfter: new Date('2027-01-01T00:00:00Z') },
    issuedAt,
    serialNumber: Uint8Array.of(1),
    signingAlgorithm: 'SHA256WITHECDSA',
    pointers: {},
  },
  { keyHandle: 'kms:key', subjectPublicKeyInfo: csr.request.subjectPublicKeyInfo },
)

const signing = (signature: Promise<Uint8Array>) => ({
  keys: { sign: () => signature },
  issuancePolicy,
})

test('a signature in time results in the certificate, and an outage or a late signature in KeyOutage', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const signature = Promise.resolve(Uint8Array.of(1))
    assert.ok((await signInTime(signing(signature), prepared)) instanceof Uint8Array)
    const outage = new KeyOutage(new KeyUnavailableError('removed'))
    assert.equal(await signInTime(signing(Promise.reject(outage)), prepared), outage)
    const late = Promise.withResolvers<Uint8Array>()
    const waiting = signInTime(signing(late.promise), prepared)
    mock.timers.tick(2000)
    assert.match(String(((await waiting) as KeyOutage).cause), /within 2000 milliseconds/)
    // A late error must not become an unhandled rejection.
    late.reject(outage)
  } finally {
    mock.timers.reset()
  }
})

test('an erased key is an error, because waiting cannot help', async () => {
  const erased = Promise.reject(new KeyNotFoundError('erased'))
  await assert.rejects(signInTime(signing(erased), prepared), KeyNotFoundError)
})
