/** Tests of partitioned CRLs, and of CRLs whose CA's status or configuration changes. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { bucketsFolder } from '../../src/data-folder/data-folder.ts'
import { listObjects } from '../../src/objects/embedded-buckets.ts'
import { partitionCertificatesMax } from '../../src/crl/partition.ts'
import type { Database } from '../../src/store/database.ts'
import { openData } from '../../src/data-folder/data-folder.ts'
import { sql } from '../../src/store/sql.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import {
  encodeCrlDistributionPoints,
  encodeIssuingDistributionPoint,
} from '../../src/x509/extensions/distribution-points.ts'
import { findExtension } from '../../src/x509/extensions/extensions.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { csr } from '../support/csrs.ts'
import {
  base64,
  createRoot,
  createSubordinate,
  defaultSigningAlgorithm,
  issue,
  type Issued,
} from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  crlThat,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

interface Watched {
  readonly service: TestService
  /** The service's database, which the tests read and change directly. */
  readonly db: Database
}

async function start(t: TestContext): Promise<Watched> {
  const service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  const db = (await openData(service.config, { mayCreate: false })).db
  t.after(async () => {
    await db.close()
    await service.close()
  })
  return { service, db }
}

interface Root {
  readonly arn: string
  readonly certificate: string
}

const partitioned = crlConfiguration({ CrlType: 'PARTITIONED' })

function newRoot(service: TestService, configuration = partitioned): Promise<Root> {
  return createRoot(service, { more: revocationOptions(configuration) })
}

function leafOf({ service }: Watched, { arn }: Root, days = 30): Promise<Issued> {
  return issue(service, { arn, csr: csr('ec-server') }, { validity: { Value: days, Type: 'DAYS' } })
}

async function configure(
  { service }: Watched,
  { arn }: Root,
  CrlConfiguration: unknown,
): Promise<void> {
  await service.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: arn,
    RevocationConfiguration: { CrlConfiguration },
  })
}

function serialOf(certificateArn: string): string {
  return lastOf(certificateArn).replace(/^0+/, '')
}

function urlOf({ service }: Watched, name: string, bucket = crlBucket): string {
  return `${service.publicUrl}/${bucket}/crl/${name}.crl`
}

/** Returns the name of the CRL to which a certificate's row refers. */
async function boundTo({ db }: Watched, { arn }: Issued): Promise<string> {
  const serial = Buffer.from(lastOf(arn), 'hex')
  const [row] = await db.query(
    sql`select name from certificates join crls using (crl_id) where serial_number = ${serial}`,
  )
  return String(row?.['name'])
}

/** Asserts that the certificate contains the URL of the CRL to which its row refers, and returns the CRL's name. */
async function requireBound(watched: Watched, issued: Issued): Promise<string> {
  const name = await boundTo(watched, issued)
  const { extensions } = parseCertificate(parsePem(issued.certificate)[0]!.der)
  const found = findExtension(extensions, oids.crlDistributionPoints)
  assert.deepEqual(
    Buffer.from(found?.value ?? []),
    Buffer.from(encodeCrlDistributionPoints(urlOf(watched, name))),
  )
  return name
}

/**
 * Asserts that a partition has a critical issuingDistributionPoint with its own URL, and that a complete CRL has no such
 * extension.
 */
function requireScope(watched: Watched, crl: ReadCrl, name: string | undefined): void {
  const found = findExtension(crl.crlExtensions, oids.issuingDistributionPoint)
  if (name === undefined) return assert.equal(found, undefined)
  assert.equal(found?.critical, true)
  const expected = encodeIssuingDistributionPoint(urlOf(watched, name))
  assert.deepEqual(Buffer.from(found.value), Buffer.from(expected))
}

const keyOf = (name: string): string => `crl/${name}.crl`

async function readPublished({ service }: Watched, name: string): Promise<ReadCrl> {
  return crlThat(service, keyOf(name), () => true)
}

/** Waits until the CRL `name` lists exactly these certificates. */
async function waitForEntries(
  { service }: Watched,
  name: string,
  certificates: readonly Issued[],
): Promise<ReadCrl> {
  const serials = certificates.map(({ arn }) => serialOf(arn))
  return crlThat(
    service,
    keyOf(name),
    ({ entries }) => entries.size === serials.length && serials.every((one) => entries.has(one)),
  )
}

/** Fills a CA's partition `name` until it has room for only `places` more certificates. Returns the partition's capacity. */
async function leaveRoom(
  { db }: Watched,
  { certificate }: Root,
  { name, places }: { readonly name: string; readonly places: number },
): Promise<number> {
  const { subject } = parseCertificate(parsePem(certificate)[0]!.der)
  const max = partitionCertificatesMax(subject.der.length)
  await db.transaction([sql`update crls set certificates = ${max - places} where name = ${name}`])
  return max
}

describe('partitions', { concurrency: true }, () => {
  test('a partition is filled completely, and the next certificate is assigned to a new partition', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const first = await requireBound(watched, await leafOf(watched, root))
    await leaveRoom(watched, root, { name: first, places: 1 })
    assert.equal(await requireBound(watched, await leafOf(watched, root)), first)
    const third = await leafOf(watched, root)
    const second = await requireBound(watched, third)
    assert.notEqual(second, first)
    assert.equal(await requireBound(watched, await leafOf(watched, root)), second)
    for (const name of [first, second])
      requireScope(watched, await readPublished(watched, name), name)
    await revoke(watched.service, third.arn)
    await waitForEntries(watched, second, [third])
    await waitForEntries(watched, first, [])
  })

  test('if 64 certificates are issued concurrently at the end of a partition, each refers to the partition in its row', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const first = await requireBound(watched, await leafOf(watched, root))
    const max = await leaveRoom(watched, root, { name: first, places: 30 })
    const leaves = await Promise.all(Array.from({ length: 64 }, () => leafOf(watched, root)))
    const names = await Promise.all(leaves.map((leaf) => requireBound(watched, leaf)))
    assert.equal(names.filter((name) => name === first).length, 30)
    const rows = await watched.db.query(sql`select name, certificates from crls order by crl_id`)
    assert.deepEqual(
      rows.map((row) => row['certificates']),
      [max, 34],
    )
    for (const leaf of leaves) await revoke(watched.service, leaf.arn)
    const inFirst = leaves.filter((_, index) => names[index] === first)
    await waitForEntries(watched, first, inFirst)
    await waitForEntries(
      watched,
      String(rows[1]?.['name']),
      leaves.filter((leaf) => !inFirst.includes(leaf)),
    )
  })

  test('a revocation rebuilds only the partition of the certificate', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const leaves: Issued[] = []
    const names: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const leaf = await leafOf(watched, root)
      leaves.push(leaf)
      names.push(await requireBound(watched, leaf))
      await leaveRoom(watched, root, { name: names.at(-1)!, places: 0 })
    }
    assert.equal(new Set(names).size, 3)
    const before = await Promise.all(names.map((name) => waitUntilPublished(watched, name)))
    await revoke(watched.service, leaves[1]!.arn)
    await waitForEntries(watched, names[1]!, [leaves[1]!])
    const rebuilt = await waitUntilPublished(watched, names[1]!)
    assert.ok(rebuilt.crlNumber! > before[1]!.crlNumber!)
    await watched.service.runJob('publish-crls')
    for (const index of [0, 2])
      assert.deepEqual((await readPublished(watched, names[index]!)).der, before[index]!.der)
    await waitForEntries(watched, names[1]!, [leaves[1]!])
    assert.deepEqual((await readPublished(watched, names[1]!)).der, rebuilt.der, 'rebuilt once')
  })

  test('changes between COMPLETE and PARTITIONED keep every certificate on the CRL that it refers to', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const id = lastOf(root.arn)
    const early = await leafOf(watched, root)
    assert.equal(await requireBound(watched, early), id)
    await revoke(service, early.arn)
    requireScope(watched, await waitForEntries(watched, id, [early]), undefined)

    await configure(watched, root, partitioned)
    const middle = await leafOf(watched, root)
    const partition = await requireBound(watched, middle)
    assert.notEqual(partition, id)
    await revoke(service, middle.arn)
    requireScope(watched, await waitForEntries(watched, partition, [middle]), partition)
    const original = await crlThat(service, keyOf(id), ({ crlExtensions }) => {
      return findExtension(crlExtensions, oids.issuingDistributionPoint) !== undefined
    })
    requireScope(watched, original, id)
    assert.deepEqual([...original.entries.keys()], [serialOf(early.arn)])

    await configure(watched, root, crlConfiguration())
    requireScope(watched, await waitForEntries(watched, id, [early, middle]), undefined)
    const late = await leafOf(watched, root)
    assert.equal(await requireBound(watched, late), id)
    await revoke(service, late.arn)
    await waitForEntries(watched, id, [early, middle, late])
    requireScope(watched, await readPublished(watched, partition), partition)
    await waitForEntries(watched, partition, [middle])
  })

  test('after a change to COMPLETE a revoked certificate of a partition is on the partition and the complete CRL', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const leaf = await leafOf(watched, root)
    const partition = await requireBound(watched, leaf)
    await configure(watched, root, crlConfiguration())
    await leafOf(watched, root)
    await revoke(watched.service, leaf.arn)
    requireScope(watched, await waitForEntries(watched, partition, [leaf]), partition)
    requireScope(watched, await waitForEntries(watched, lastOf(root.arn), [leaf]), undefined)
  })

  test('an old partition is no longer published once its certificates have expired and its revocations were listed once more', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service)
    const leaf = await leafOf(watched, root, 1)
    const partition = await requireBound(watched, leaf)
    await configure(watched, root, crlConfiguration())
    await leafOf(watched, root)
    await revoke(service, leaf.arn)
    let last = await waitForEntries(watched, partition, [leaf])
    service.clock.advance({ days: 3.6 })
    await waitForNewer(watched, partition, last)
    last = await waitUntilPublished(watched, partition)
    assert.equal(last.entries.size, 1, 'the expired certificate is on one more CRL')
    const complete = await readPublished(watched, lastOf(root.arn))
    service.clock.advance({ days: 3.6 })
    await waitForNewer(watched, lastOf(root.arn), complete)
    await waitUntilSuspended(watched, partition)
    assert.deepEqual((await readPublished(watched, partition)).der, last.der)
  })
})

/** Waits for a CRL with a higher number than `before`. */
async function waitForNewer({ service }: Watched, name: string, before: ReadCrl): Promise<ReadCrl> {
  return crlThat(service, keyOf(name), ({ crlNumber }) => crlNumber! > before.crlNumber!)
}

/** Waits until every change has been published, and returns the CRL. */
async function waitUntilPublished(watched: Watched, name: string): Promise<ReadCrl> {
  const now = watched.service.clock.now().getTime()
  await eventually(async () => {
    const [row] = await watched.db.query(sql`select due_at_ms from crls where name = ${name}`)
    return Number(row?.['due_at_ms']) > now + 86_400_000 ? true : undefined
  }, `all changes of ${name} published`)
  return readPublished(watched, name)
}

/** Waits until no publication of the CRL is scheduled. */
async function waitUntilSuspended({ db }: Watched, name: string): Promise<void> {
  await eventually(async () => {
    const [row] = await db.query(sql`select due_at_ms from crls where name = ${name}`)
    return row?.['due_at_ms'] === null ? true : undefined
  }, `no scheduled publication of ${name}`)
}

describe('CRLs of a CA that changes', { concurrency: true }, () => {
  test('after a change of the bucket CRLs are published only to the new bucket', async (t) => {
    const watched = await start(t)
    const { service } = watched
    await service.createBucket('other')
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const key = keyOf(lastOf(root.arn))
    const old = await readPublished(watched, lastOf(root.arn))
    await configure(watched, root, crlConfiguration({ S3BucketName: 'other', CustomPath: 'a/b' }))
    const newKey = `a/b/${lastOf(root.arn)}.crl`
    const inOther = async (): Promise<ReadCrl | undefined> => {
      const der = await service.readObject('other', newKey)
      return der && readCrl(der)
    }
    const moved = await eventually(inOther, 'a CRL in the other bucket')
    assert.ok(moved.crlNumber! > old.crlNumber!)
    await revoke(service, leaf.arn)
    await eventually(async () => {
      const crl = await inOther()
      return crl?.entries.size === 1 ? crl : undefined
    }, 'the revocation in the other bucket')
    assert.deepEqual(await service.readObject(crlBucket, key), old.der)
  })

  test('revocations while CRLs are disabled are on the first later CRL, whose number is higher', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const [one, two] = [await leafOf(watched, root), await leafOf(watched, root)]
    const id = lastOf(root.arn)
    const before = await readPublished(watched, id)
    await configure(watched, root, { Enabled: false })
    await waitUntilSuspended(watched, id)
    await revoke(service, one.arn)
    await waitUntilSuspended(watched, id)
    const issuedMeanwhile = await leafOf(watched, root)
    await revoke(service, issuedMeanwhile.arn)
    service.clock.advance({ days: 5 })
    await service.runJob('publish-crls')
    assert.deepEqual((await readPublished(watched, id)).der, before.der)
    await configure(watched, root, crlConfiguration())
    const after = await waitForEntries(watched, id, [one, issuedMeanwhile])
    assert.ok(after.crlNumber! > before.crlNumber!)
    await revoke(service, two.arn)
    await waitForEntries(watched, id, [one, two, issuedMeanwhile])
  })

  for (const CrlType of ['COMPLETE', 'PARTITIONED'])
    test(`the first CRL (${CrlType}) lists revoked certificates from before CRLs were enabled`, async (t) => {
      const watched = await start(t)
      const { service } = watched
      const root = await createRoot(service)
      const [revokedBefore, revokedAfter] = [
        await leafOf(watched, root),
        await leafOf(watched, root),
      ]
      await revoke(service, revokedBefore.arn)
      await configure(watched, root, crlConfiguration({ CrlType }))
      await revoke(service, revokedAfter.arn)
      await eventually(async () => {
        const folder = bucketsFolder(service.config)
        for (const { key } of await listObjects(folder, crlBucket)) {
          const der = key.endsWith('.crl') ? await service.readObject(crlBucket, key) : undefined
          if (der !== undefined && readCrl(der).entries.size === 2) return true
        }
        return undefined
      }, 'a CRL with both')
    })

  test('a DISABLED CA continues to revoke and to publish', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const id = lastOf(root.arn)
    await readPublished(watched, id)
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      Status: 'DISABLED',
    })
    await revoke(service, leaf.arn)
    const listed = await waitForEntries(watched, id, [leaf])
    service.clock.advance({ days: 3.6 })
    await waitForNewer(watched, id, listed)
  })

  test('a deleted CA does not publish CRLs until it is restored', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const id = lastOf(root.arn)
    await revoke(service, leaf.arn)
    await waitForEntries(watched, id, [leaf])
    const last = await waitUntilPublished(watched, id)
    const caInput = { CertificateAuthorityArn: root.arn }
    // The next CRL also has different times from the previous CRL.
    service.clock.advance({ days: 3.6 })
    await service.must('UpdateCertificateAuthority', { ...caInput, Status: 'DISABLED' })
    const disabled = await waitForNewer(watched, id, last)
    await service.must('DeleteCertificateAuthority', caInput)
    service.clock.advance({ days: 4 })
    await waitUntilSuspended(watched, id)
    assert.deepEqual((await readPublished(watched, id)).der, disabled.der)
    await service.must('RestoreCertificateAuthority', caInput)
    const restored = await waitForNewer(watched, id, disabled)
    assert.equal(restored.entries.size, 1)
  })

  test('an expired CA does not publish CRLs until it has a new certificate', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const parent = await createRoot(service)
    const days = 20
    const below = await createSubordinate(service, parent, {
      more: revocationOptions(crlConfiguration()),
      validity: { Value: days, Type: 'DAYS' },
    })
    const leaf = await leafOf(watched, below, days - 1)
    const id = lastOf(below.arn)
    await revoke(service, leaf.arn)
    await waitForEntries(watched, id, [leaf])
    const last = await waitUntilPublished(watched, id)
    service.clock.advance({ days: days + 1 })
    await waitUntilSuspended(watched, id)
    assert.deepEqual((await readPublished(watched, id)).der, last.der)
    const renewed = await issue(
      service,
      { arn: parent.arn, csr: below.csr },
      { template: 'SubordinateCACertificate_PathLen0', validity: { Value: 1, Type: 'YEARS' } },
    )
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: below.arn,
      Certificate: base64(renewed.certificate),
      CertificateChain: base64(renewed.chain ?? ''),
    })
    const again = await waitForNewer(watched, id, last)
    assert.equal(again.entries.size, 1, 'the certificate expired after the last CRL')
  })

  test('without revocations, a CRL is renewed after half its validity, and expired certificates are listed on one more CRL', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const [shortLived, longLived] = [
      await leafOf(watched, root, 1),
      await leafOf(watched, root, 300),
    ]
    const id = lastOf(root.arn)
    for (const { arn } of [shortLived, longLived]) await revoke(service, arn)
    await waitForEntries(watched, id, [shortLived, longLived])
    let crl = await waitUntilPublished(watched, id)
    const steps = [
      { days: 3.4, size: undefined },
      { days: 0.2, size: 2 },
      { days: 3.6, size: 1 },
      { days: 3.6, size: 1 },
    ]
    for (const { days, size } of steps) {
      service.clock.advance({ days })
      if (size === undefined) {
        await service.runJob('publish-crls')
        assert.deepEqual(
          (await readPublished(watched, id)).der,
          crl.der,
          'no renewal before half its validity',
        )
      } else {
        crl = await waitForNewer(watched, id, crl)
        assert.equal(crl.entries.size, size)
      }
    }
    assert.deepEqual([...crl.entries.keys()], [serialOf(longLived.arn)])
    assert.equal(crl.nextUpdate.getTime() - crl.thisUpdate.getTime(), 7 * 86_400_000 + 3_600_000)
  })

  test('CRLs of CAs with every key algorithm are published with the name of their CA', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const algorithms = ['RSA_2048', 'EC_secp384r1', 'ML_DSA_44', 'ML_DSA_87']
    for (const keyAlgorithm of algorithms) {
      const more = revocationOptions(partitioned)
      const root = await createRoot(service, { keyAlgorithm, more })
      const signingAlgorithm = defaultSigningAlgorithm(keyAlgorithm)
      const leaf = await issue(
        service,
        { arn: root.arn, csr: csr('ec-server') },
        { signingAlgorithm },
      )
      const name = await requireBound(watched, leaf)
      await revoke(service, leaf.arn)
      const crl = await waitForEntries(watched, name, [leaf])
      const { subject } = parseCertificate(parsePem(root.certificate)[0]!.der)
      assert.deepEqual(Buffer.from(crl.issuer), Buffer.from(subject.der))
    }
  })
})
