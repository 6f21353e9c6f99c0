import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseCertificate } from './certificate.ts'
import { DerError } from './der/error.ts'
import { findExtension } from './extensions/extensions.ts'
import { parseNamedParts } from './certificate-parts.ts'
import { oids } from './der/oid.ts'
import { parsePem } from './pem.ts'

const folder = new URL('../../testdata/x509/', import.meta.url)
const certificates = readdirSync(folder)
  .filter((name) => name.endsWith('.crt.pem'))
  .flatMap((name) => parsePem(readFileSync(new URL(name, folder), 'utf8')))
  .map(({ der }) => der)

test('what is read is what the whole certificate says', () => {
  assert.ok(certificates.length > 0)
  for (const der of certificates) {
    const { notBefore, subject, extensions } = parseCertificate(der)
    const subjectAltName = findExtension(extensions, oids.subjectAltName)?.value
    assert.deepEqual(parseNamedParts(der), { notBefore, subject, subjectAltName })
  }
})

test('a certificate that is damaged anywhere is read or refused', () => {
  for (const der of certificates)
    for (const [at, octet] of der.entries())
      for (const other of [0, 0x7f, 0xff, octet ^ 1])
        readDamaged(Uint8Array.from(der).with(at, other))
})

function readDamaged(der: Uint8Array): void {
  try {
    parseNamedParts(der)
  } catch (error) {
    assert.ok(error instanceof DerError, String(error))
  }
}
