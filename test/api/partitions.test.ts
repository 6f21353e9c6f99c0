/** Partitioned CRLs, and what becomes of CRLs when the CA or its configuration changes. */
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
  /** The service's own database, read and changed behind its back. */
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

/** Name of the CRL that the row of a certificate says. */
async function boundTo({ db }: Watched, { arn }: Issued): Promise<string> {
  const serial = Buffer.from(lastOf(arn), 'hex')
  const [row] = await db.query(
    sql`select name from certificates join crls using (crl_id) where serial_number = ${serial}`,
  )
  return String(row?.['name'])
}

/** Asserts that the certificate says the URL of the CRL that its row says, whose name it returns. */
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

/** Asserts what a CRL says about itself: a partition its own URL, critical; a complete one nothing. */
function requireScope(watched: Watched, crl: ReadCrl, name: string | undefined): void {
  const found = findExtension(crl.crlExtensions, oids.issuingDistributionPoint)
  if (name === undefined) return assert.equal(found, undefined)
  assert.equal(found?.critical, true)
  const expected = encodeIssuingDistributionPoint(urlOf(watched, name))
  assert.deepEqual(Buffer.from(found.value), Buffer.from(expected))
}

const keyOf = (name: string): string => `crl/${name}.crl`

async function published({ service }: Watched, name: string): Promise<ReadCrl> {
  return crlThat(service, keyOf(name), () => true)
}

/** Waits for the CRL `name` that lists these and no other. */
async function listing(
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

/** Leaves so many places in the partition `name` of a CA: how many it has in all. */
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
  test('the last place is taken, and the certificate after it goes to a new partition', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const first = await requireBound(watched, await leafOf(watched, root))
    await leaveRoom(watched, root, { name: first, places: 1 })
    assert.equal(await requireBound(watched, await leafOf(watched, root)), first)
    const third = await leafOf(watched, root)
    const second = await requireBound(watched, third)
    assert.notEqual(second, first)
    assert.equal(await requireBound(watched, await leafOf(watched, root)), second)
    for (const name of [first, second]) requireScope(watched, await published(watched, name), name)
    await revoke(watched.service, third.arn)
    await listing(watched, second, [third])
    await listing(watched, first, [])
  })

  test('64 at the same time over the border each say the partition that they are bound to', async (t) => {
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
    await listing(watched, first, inFirst)
    await listing(
      watched,
      String(rows[1]?.['name']),
      leaves.filter((leaf) => !inFirst.includes(leaf)),
    )
  })

  test('a revocation rebuilds the partition of the certificate and no other', async (t) => {
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
    const before = await Promise.all(names.map((name) => settled(watched, name)))
    await revoke(watched.service, leaves[1]!.arn)
    await listing(watched, names[1]!, [leaves[1]!])
    const rebuilt = await settled(watched, names[1]!)
    assert.ok(rebuilt.crlNumber! > before[1]!.crlNumber!)
    await watched.service.runJob('publish-crls')
    for (const index of [0, 2])
      assert.deepEqual((await published(watched, names[index]!)).der, before[index]!.der)
    await listing(watched, names[1]!, [leaves[1]!])
    assert.deepEqual((await published(watched, names[1]!)).der, rebuilt.der, 'once')
  })

  test('from COMPLETE to PARTITIONED and back: every certificate is on the CRL that it names', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const id = lastOf(root.arn)
    const early = await leafOf(watched, root)
    assert.equal(await requireBound(watched, early), id)
    await revoke(service, early.arn)
    requireScope(watched, await listing(watched, id, [early]), undefined)

    await configure(watched, root, partitioned)
    const middle = await leafOf(watched, root)
    const partition = await requireBound(watched, middle)
    assert.notEqual(partition, id)
    await revoke(service, middle.arn)
    requireScope(watched, await listing(watched, partition, [middle]), partition)
    const original = await crlThat(service, keyOf(id), ({ crlExtensions }) => {
      return findExtension(crlExtensions, oids.issuingDistributionPoint) !== undefined
    })
    requireScope(watched, original, id)
    assert.deepEqual([...original.entries.keys()], [serialOf(early.arn)])

    await configure(watched, root, crlConfiguration())
    requireScope(watched, await listing(watched, id, [early, middle]), undefined)
    const late = await leafOf(watched, root)
    assert.equal(await requireBound(watched, late), id)
    await revoke(service, late.arn)
    await listing(watched, id, [early, middle, late])
    requireScope(watched, await published(watched, partition), partition)
    await listing(watched, partition, [middle])
  })

  test('certificates of a partition stay revocable under a complete CRL, on both', async (t) => {
    const watched = await start(t)
    const root = await newRoot(watched.service)
    const leaf = await leafOf(watched, root)
    const partition = await requireBound(watched, leaf)
    await configure(watched, root, crlConfiguration())
    await leafOf(watched, root)
    await revoke(watched.service, leaf.arn)
    requireScope(watched, await listing(watched, partition, [leaf]), partition)
    requireScope(watched, await listing(watched, lastOf(root.arn), [leaf]), undefined)
  })

  test('an old partition rests once all that is bound to it has expired, and has been listed', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service)
    const leaf = await leafOf(watched, root, 1)
    const partition = await requireBound(watched, leaf)
    await configure(watched, root, crlConfiguration())
    await leafOf(watched, root)
    await revoke(service, leaf.arn)
    let last = await listing(watched, partition, [leaf])
    service.clock.advance({ days: 3.6 })
    await newer(watched, partition, last)
    last = await settled(watched, partition)
    assert.equal(last.entries.size, 1, 'expired, and on one more CRL')
    const complete = await published(watched, lastOf(root.arn))
    service.clock.advance({ days: 3.6 })
    await newer(watched, lastOf(root.arn), complete)
    await resting(watched, partition)
    assert.deepEqual((await published(watched, partition)).der, last.der)
  })
})

/** Waits for a CRL that is newer than `before`. */
async function newer({ service }: Watched, name: string, before: ReadCrl): Promise<ReadCrl> {
  return crlThat(service, keyOf(name), ({ crlNumber }) => crlNumber! > before.crlNumber!)
}

/** Waits until every change is published: what is there then. */
async function settled(watched: Watched, name: string): Promise<ReadCrl> {
  const now = watched.service.clock.now().getTime()
  await eventually(async () => {
    const [row] = await watched.db.query(sql`select due_at_ms from crls where name = ${name}`)
    return Number(row?.['due_at_ms']) > now + 86_400_000 ? true : undefined
  }, `nothing waits for ${name}`)
  return published(watched, name)
}

/** Waits until nothing is planned for the CRL. */
async function resting({ db }: Watched, name: string): Promise<void> {
  await eventually(async () => {
    const [row] = await db.query(sql`select due_at_ms from crls where name = ${name}`)
    return row?.['due_at_ms'] === null ? true : undefined
  }, `${name} rests`)
}

describe('CRLs of a CA that changes', { concurrency: true }, () => {
  test('another bucket: CRLs go there from then on, and to the old one no more', async (t) => {
    const watched = await start(t)
    const { service } = watched
    await service.createBucket('other')
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const key = keyOf(lastOf(root.arn))
    const old = await published(watched, lastOf(root.arn))
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

  test('off and on: what is revoked meanwhile is on the first CRL after it, whose number is higher', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const [one, two] = [await leafOf(watched, root), await leafOf(watched, root)]
    const id = lastOf(root.arn)
    const before = await published(watched, id)
    await configure(watched, root, { Enabled: false })
    await resting(watched, id)
    await revoke(service, one.arn)
    await resting(watched, id)
    const without = await leafOf(watched, root)
    await revoke(service, without.arn)
    service.clock.advance({ days: 5 })
    await service.runJob('publish-crls')
    assert.deepEqual((await published(watched, id)).der, before.der)
    await configure(watched, root, crlConfiguration())
    const after = await listing(watched, id, [one, without])
    assert.ok(after.crlNumber! > before.crlNumber!)
    await revoke(service, two.arn)
    await listing(watched, id, [one, two, without])
  })

  for (const CrlType of ['COMPLETE', 'PARTITIONED'])
    test(`on for the first time (${CrlType}): what was issued before is revoked on a CRL`, async (t) => {
      const watched = await start(t)
      const { service } = watched
      const root = await createRoot(service)
      const [before_, after_] = [await leafOf(watched, root), await leafOf(watched, root)]
      await revoke(service, before_.arn)
      await configure(watched, root, crlConfiguration({ CrlType }))
      await revoke(service, after_.arn)
      await eventually(async () => {
        const folder = bucketsFolder(service.config)
        for (const { key } of await listObjects(folder, crlBucket)) {
          const der = key.endsWith('.crl') ? await service.readObject(crlBucket, key) : undefined
          if (der !== undefined && readCrl(der).entries.size === 2) return true
        }
        return undefined
      }, 'a CRL with both')
    })

  test('a CA that is DISABLED revokes and publishes on', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const id = lastOf(root.arn)
    await published(watched, id)
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      Status: 'DISABLED',
    })
    await revoke(service, leaf.arn)
    const listed = await listing(watched, id, [leaf])
    service.clock.advance({ days: 3.6 })
    await newer(watched, id, listed)
  })

  test('a CA that is deleted publishes no more; restored, it does', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const leaf = await leafOf(watched, root)
    const id = lastOf(root.arn)
    await revoke(service, leaf.arn)
    await listing(watched, id, [leaf])
    const last = await settled(watched, id)
    const which = { CertificateAuthorityArn: root.arn }
    // A CRL that differs from the last one in its times, too.
    service.clock.advance({ days: 3.6 })
    await service.must('UpdateCertificateAuthority', { ...which, Status: 'DISABLED' })
    const disabled = await newer(watched, id, last)
    await service.must('DeleteCertificateAuthority', which)
    service.clock.advance({ days: 4 })
    await resting(watched, id)
    assert.deepEqual((await published(watched, id)).der, disabled.der)
    await service.must('RestoreCertificateAuthority', which)
    const restored = await newer(watched, id, disabled)
    assert.equal(restored.entries.size, 1)
  })

  test('a CA that has expired publishes no more; with a new certificate, it does', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const top = await createRoot(service)
    const days = 20
    const below = await createSubordinate(service, top, {
      more: revocationOptions(crlConfiguration()),
      validity: { Value: days, Type: 'DAYS' },
    })
    const leaf = await leafOf(watched, below, days - 1)
    const id = lastOf(below.arn)
    await revoke(service, leaf.arn)
    await listing(watched, id, [leaf])
    const last = await settled(watched, id)
    service.clock.advance({ days: days + 1 })
    await resting(watched, id)
    assert.deepEqual((await published(watched, id)).der, last.der)
    const renewed = await issue(
      service,
      { arn: top.arn, csr: below.csr },
      { template: 'SubordinateCACertificate_PathLen0', validity: { Value: 1, Type: 'YEARS' } },
    )
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: below.arn,
      Certificate: base64(renewed.certificate),
      CertificateChain: base64(renewed.chain ?? ''),
    })
    const again = await newer(watched, id, last)
    assert.equal(again.entries.size, 1, 'it expired after the last CRL')
  })

  test('without a revocation a CRL is made anew at half its life; expired entries are on one more', async (t) => {
    const watched = await start(t)
    const { service } = watched
    const root = await newRoot(service, crlConfiguration())
    const [short, long] = [await leafOf(watched, root, 1), await leafOf(watched, root, 300)]
    const id = lastOf(root.arn)
    for (const { arn } of [short, long]) await revoke(service, arn)
    await listing(watched, id, [short, long])
    let crl = await settled(watched, id)
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
        assert.deepEqual((await published(watched, id)).der, crl.der, 'not before half its life')
      } else {
        crl = await newer(watched, id, crl)
        assert.equal(crl.entries.size, size)
      }
    }
    assert.deepEqual([...crl.entries.keys()], [serialOf(long.arn)])
    assert.equal(crl.nextUpdate.getTime() - crl.thisUpdate.getTime(), 7 * 86_400_000 + 3_600_000)
  })

  test('CRLs of CAs with every kind of key are published, and name their CA', async (t) => {
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
      const crl = await listing(watched, name, [leaf])
      const { subject } = parseCertificate(parsePem(root.certificate)[0]!.der)
      assert.deepEqual(Buffer.from(crl.issuer), Buffer.from(subject.der))
    }
  })
})
