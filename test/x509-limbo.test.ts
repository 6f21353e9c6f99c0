/**
 * Runs the x509-limbo test cases. The import code checks the CA certificates in the test cases, and the issuance code checks the
 * names in the end-entity certificates. testdata/x509-limbo/README.md describes the origin of the cases.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseImport, requireImportable } from '../src/chain/import-certificate.ts'
import { constraintsOf, violatedNameConstraint } from '../src/chain/name-constraints/check-names.ts'
import { ServiceError } from '../src/errors.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { DerError } from '../src/x509/der/error.ts'
import { findExtension } from '../src/x509/extensions/extensions.ts'
import { parseGeneralNames } from '../src/x509/names/general-name.ts'
import { oids } from '../src/x509/der/oid.ts'
import { encodePem } from '../src/x509/pem.ts'

interface LimboCase {
  readonly id: string
  readonly expected: 'SUCCESS' | 'FAILURE'
  /** Validation time in RFC 3339 format; any time if undefined. */
  readonly time?: string
  /** Paths of certificate indices, from the peer's certificate up to a trusted certificate. */
  readonly paths: readonly (readonly number[])[]
}

const limbo = JSON.parse(
  readFileSync(join(import.meta.dirname, '../testdata/x509-limbo/cases.json'), 'utf8'),
) as {
  readonly ids: readonly string[]
  readonly cases: readonly LimboCase[]
  readonly notApplicable: Readonly<Record<string, string>>
  /** Certificates as base64-encoded DER. */
  readonly certificates: readonly string[]
}

const anyTime = '2025-01-01T00:00:00Z'

function derOf(index: number): Buffer {
  return Buffer.from(limbo.certificates[index] ?? '', 'base64')
}

function pemOf(indices: readonly number[]): Buffer {
  return Buffer.from(indices.map((index) => encodePem('CERTIFICATE', derOf(index))).join(''))
}

/** Returns the reason why a path is rejected, or undefined if it is accepted. Any other exception makes the test fail. */
async function refusalOf(path: readonly number[], now: Date): Promise<string | undefined> {
  const [peer = -1, first = -1, ...above] = path
  try {
    const imported = parseImport(pemOf([first]), above.length === 0 ? undefined : pemOf(above))
    await requireImportable(imported, {
      type: above.length === 0 ? 'ROOT' : 'SUBORDINATE',
      subjectPublicKeyInfoDer: imported.certificate.subjectPublicKeyInfo.der,
      now,
      weakKeys: 'refuse',
      publishesCrls: false,
    })
    const { subject, extensions } = parseCertificate(derOf(peer))
    const extension = findExtension(extensions, oids.subjectAltName)
    const subjectAlternativeNames =
      extension === undefined ? [] : parseGeneralNames(extension.value)
    const constraints = constraintsOf([imported.certificate, ...imported.chain])
    return violatedNameConstraint(constraints, { subject, subjectAlternativeNames })
  } catch (error) {
    if (error instanceof ServiceError) return `${error.code}: ${error.message}`
    if (error instanceof DerError) return `end entity: ${error.message}`
    throw error
  }
}

for (const { id, expected, time = anyTime, paths } of limbo.cases)
  test(id, async (t) => {
    assert.ok(paths.length > 0)
    const refusals = await Promise.all(paths.map((path) => refusalOf(path, new Date(time))))
    for (const refusal of refusals) if (refusal !== undefined) t.diagnostic(refusal)
    const accepted = refusals.includes(undefined)
    assert.equal(accepted ? 'SUCCESS' : 'FAILURE', expected, refusals.join('\n'))
  })

test('every case is run, or listed with the reason why it is not', () => {
  const run = limbo.cases.map(({ id }) => id)
  const listed = Object.keys(limbo.notApplicable)
  assert.equal(limbo.ids.length, 207)
  assert.deepEqual([...run, ...listed].toSorted(), limbo.ids.toSorted())
  assert.ok(Object.values(limbo.notApplicable).every((reason) => reason.length > 10))
  assert.ok(run.length > 100, `${run.length} cases are run`)
})
