import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  basicConstraints,
  craft,
  type CraftOptions,
} from '../../test/support/crafted-certificates.ts'
import { oids } from '../x509/der/oid.ts'
import { encodeExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { nonCritical, type Extension } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage, type KeyUsageBit } from '../x509/extensions/key-usage.ts'
import { clientUseFault, parseClientCertificate } from './client-certificate.ts'

const now = new Date('2026-06-01T00:00:00Z')
const usage = (...bits: KeyUsageBit[]): Extension => ({
  oid: oids.keyUsage,
  critical: true,
  value: encodeKeyUsage(bits),
})
const purposes = (...oid: string[]): Extension =>
  nonCritical(oids.extendedKeyUsage, encodeExtendedKeyUsage(oid))
const leaf = basicConstraints(undefined, { ca: false })

const faultOf = (options: CraftOptions) =>
  clientUseFault(craft({ extensions: [leaf], ...options }).certificate, now)

test('a certificate for client authentication is accepted', () => {
  for (const extensions of [
    [leaf],
    [usage('digitalSignature')],
    [
      leaf,
      usage('digitalSignature', 'keyEncipherment'),
      purposes(oids.serverAuth, oids.clientAuth),
    ],
    [purposes(oids.anyExtendedKeyUsage)],
  ])
    assert.equal(faultOf({ extensions }), undefined)
})

test('a certificate outside its validity, or for another use, is refused with the reason', () => {
  assert.equal(faultOf({ notBefore: '2026-06-01T00:00:01Z' }), 'is not valid yet')
  assert.equal(faultOf({ notAfter: '2026-05-31T23:59:59Z' }), 'is expired')
  assert.equal(faultOf({ notAfter: '2026-06-01T00:00:00Z' }), undefined)
  const faults: readonly [Extension, string][] = [
    [basicConstraints(), 'is a CA certificate'],
    [usage('keyEncipherment'), 'has a key usage without digitalSignature'],
    [purposes(oids.serverAuth), 'has an extended key usage without clientAuth'],
    [
      { oid: '1.2.3', critical: true, value: Uint8Array.of(5, 0) },
      'has an unknown critical extension',
    ],
    [
      { oid: oids.keyUsage, critical: true, value: Uint8Array.of(5, 0) },
      'has a malformed extension',
    ],
    [nonCritical(oids.extendedKeyUsage, Uint8Array.of(0x30, 0)), 'has a malformed extension'],
    [nonCritical(oids.basicConstraints, Uint8Array.of(1)), 'has a malformed extension'],
  ]
  for (const [extension, fault] of faults) assert.equal(faultOf({ extensions: [extension] }), fault)
})

test('malformed and very long client certificates are not parsed', () => {
  const { der } = craft().certificate
  assert.ok(parseClientCertificate(der))
  assert.equal(parseClientCertificate(der.subarray(1)), undefined)
  assert.equal(parseClientCertificate(Buffer.concat([der, Buffer.alloc(1)])), undefined)
  const long = craft({ extensions: [nonCritical('1.2.3', Buffer.alloc(20_000))] }).certificate.der
  assert.equal(parseClientCertificate(long), undefined)
})
