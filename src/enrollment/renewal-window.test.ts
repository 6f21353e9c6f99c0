import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatCertificateId, parseCertificateId } from './certificate-id.ts'
import { renewalWindow } from './renewal-window.ts'

const day = 86_400_000
const notBefore = new Date('2030-01-01T00:00:00Z')
const now = new Date('2030-01-05T00:00:00.700Z')

suite('the renewal window', () => {
  test('starts after two thirds of the lifetime and does not depend on the time', () => {
    const notAfter = new Date(notBefore.getTime() + 90 * day)
    const certificate = { notBefore, notAfter, revokedAt: undefined, hasFormerIssuer: false }
    const window = renewalWindow(certificate, now)
    assert.equal(window.start.toISOString(), '2030-03-02T00:00:00.000Z')
    assert.equal(window.end.toISOString(), '2030-03-05T18:00:00.000Z')
    assert.deepEqual(renewalWindow(certificate, new Date(notAfter.getTime() + day)), window)
  })

  test('is within the lifetime and not empty for any lifetime from a second to a century', () => {
    for (let seconds = 1; seconds < 3_200_000_000; seconds *= 3) {
      const notAfter = new Date(notBefore.getTime() + seconds * 1000)
      const { start, end } = renewalWindow(
        { notBefore, notAfter, revokedAt: undefined, hasFormerIssuer: false },
        now,
      )
      assert.ok(
        start < end && start >= notBefore && end.getTime() <= notAfter.getTime() + 1000,
        String(seconds),
      )
    }
  })

  test('has ended for a revoked certificate and for a former issuer', () => {
    const notAfter = new Date(notBefore.getTime() + 90 * day)
    const revokedAt = new Date('2030-01-04T00:00:00Z')
    const revoked = renewalWindow({ notBefore, notAfter, revokedAt, hasFormerIssuer: false }, now)
    assert.equal(revoked.end.toISOString(), '2030-01-04T00:00:00.000Z')
    const former = renewalWindow(
      { notBefore, notAfter, revokedAt: undefined, hasFormerIssuer: true },
      now,
    )
    assert.ok(former.start < former.end && former.end <= now)
  })
})

suite('identifiers of certificates', () => {
  test('are the key identifier and the serial number in base64url (RFC 9773, section 4.1)', () => {
    const id = parseCertificateId('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
    assert.equal(Buffer.from(id?.serialNumber ?? []).toString('hex'), '0087654321')
    assert.equal(
      Buffer.from(id?.keyIdentifier ?? []).toString('hex'),
      '69885b6b87464041e1b37b847ba0ae2cde01c8d4',
    )
    assert.equal(id && formatCertificateId(id), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
  })

  test('have one form only', () => {
    const refused = [
      '',
      '.',
      'AQ',
      'AQ.',
      '.AQ',
      'AQ.AQ.AQ',
      'AQ==.AQ',
      'AR.AQ',
      'A+.AQ',
      `${'A'.repeat(68)}.AQ`,
    ]
    for (const text of refused) assert.equal(parseCertificateId(text), undefined, text)
  })
})
