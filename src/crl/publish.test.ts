import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { testServices } from '../../test/support/services.ts'
import { csr } from '../../test/support/csrs.ts'
import { FailingObjects } from '../../test/support/failing-objects.ts'
import { createRoot, issue } from '../../test/support/hierarchy.ts'
import {
  crlBucket,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
  type ReadCrl,
} from '../../test/support/revocation.ts'
import { TestService } from '../../test/support/service.ts'
import { createBulkWork } from '../bulk/bulk-client.ts'
import { bucketsFolder, openData, type DataFolder } from '../data-folder/data-folder.ts'
import { createEvents } from '../telemetry/events.ts'
import { createLocalKeyStore } from '../keys/local-key-store.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createEmbeddedObjectStore } from '../objects/embedded-object-store.ts'
import { BucketError } from '../objects/object-store.ts'
import { systemRandom } from '../random.ts'
import { crlFields } from './contents.ts'
import { partitionCertificatesMax } from './partition.ts'
import type { Services } from '../services.ts'
import { findAuthority } from '../store/authorities.ts'
import { claimDueCrls, crlOf, markAllCrlsDue } from '../store/crls.ts'
import { ConflictError } from '../store/database.ts'
import { createKeyRecords } from '../store/keys.ts'
import { newLease, type Lease } from '../store/leases.ts'
import { sql, type Row } from '../store/sql.ts'
import { encodeCertificateList, encodeTbsCertList } from '../x509/certificate-list.ts'
import { encodeName } from '../x509/names/name.ts'
import { RevokedCertificatesWriter } from '../x509/revoked-certificates.ts'
import { crlFailure, publishCrl, type DueCrl } from './publish.ts'

const objects = new FailingObjects()
let service: TestService
let data: DataFolder
let services: Services

before(async () => {
  service = await TestService.start()
  await service.createBucket(crlBucket)
  data = await openData(service.config, { mayCreate: false })
  services = publishingServices()
})
after(async () => {
  await services.bulk.close()
  await data.db.close()
  await service.close()
})

/** Returns services for publishing a CRL that use the running service's data folder. */
function publishingServices(): Services {
  const { config, clock } = service
  const { db, location, masterKeys } = data
  const random = systemRandom
  const log = createLog('silent')
  const records = createKeyRecords(db, systemClock)
  const sealers = masterKeys.sealers('keys')
  const embedded = { directory: bucketsFolder(config), publicUrl: service.publicUrl, clock, random }
  return testServices({
    db,
    clock,
    random,
    log,
    keys: createLocalKeyStore({ records, sealers, random }),
    objects: objects.wrap(createEmbeddedObjectStore(embedded)),
    bulk: createBulkWork(location),
    metrics: createMetrics(),
    events: createEvents({ log, random, delivered: true, wake: () => undefined }),
  })
}

/**
 * Creates a CA with a published CRL that contains one entry. The CRL is due, and the test holds its publication lease
 * for an hour.
 */
async function dueCrl(): Promise<DueCrl> {
  const root = await createRoot(service, { more: revocationOptions() })
  const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await revoke(service, leaf.arn)
  const id = lastOf(root.arn)
  await eventually(async () => {
    const row = await rowOf(id)
    const isSettled = row['lease'] === null && row['changes'] === row['published_changes']
    return row['entries'] === 1 && isSettled ? row : undefined
  }, 'a first CRL')
  return claim(id)
}

async function claim(id: string): Promise<DueCrl> {
  const { db, clock, random } = services
  const authority = await findAuthority(db, id)
  assert.ok(authority)
  const begun = newLease(random, clock.now())
  const lease: Lease = { ...begun, until: new Date(begun.now.getTime() + 3_500_000) }
  await db.transaction([sql`delete from events`])
  const [, rows = []] = await db.transaction([
    markAllCrlsDue(authority, lease.now),
    claimDueCrls(lease, 1),
  ])
  assert.equal(rows.length, 1)
  return { authority, crl: crlOf(rows[0]!), lease, signal: new AbortController().signal }
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await services.db.query(sql`select * from crls where name = ${id}`)
  assert.ok(row)
  return row
}

async function published(id: string): Promise<ReadCrl> {
  const der = await service.readObject(crlBucket, `crl/${id}.crl`)
  assert.ok(der)
  return readCrl(der)
}

/** Publishes with `changed` services, expects a failure, checks that no object was replaced, and returns the failure. */
async function failure(
  due: DueCrl,
  changed: Partial<Services>,
): Promise<ReturnType<typeof crlFailure>> {
  const before_ = await published(due.authority.id)
  const outcome = await publishCrl({ ...services, ...changed }, due).then(
    () => assert.fail('the publication must fail'),
    (error: unknown) => crlFailure(error),
  )
  assert.deepEqual((await published(due.authority.id)).der, before_.der)
  return outcome
}

const unsigned = { reason: 'Failed to generate CRL. Internal failure.', refused: false }
const unwritten = { reason: 'Failed to write CRL to S3. Internal failure.', refused: false }

test('a CRL number is stored before the CRL is signed, and the publication is recorded', async () => {
  const due = await dueCrl()
  const { authority, crl } = due
  let reserved: unknown
  const keys: Services['keys'] = {
    ...services.keys,
    async sign(...args) {
      reserved = (await rowOf(authority.id))['crl_number']
      return services.keys.sign(...args)
    },
  }
  await publishCrl({ ...services, keys }, due)
  const list = await published(authority.id)
  const row = await rowOf(authority.id)
  assert.equal(BigInt(Number(reserved)), list.crlNumber)
  assert.ok(Number(reserved) > crl.crlNumber)
  const head = await services.objects.head({ bucket: crlBucket, key: `crl/${authority.id}.crl` })
  assert.deepEqual(
    [row['etag'], row['bucket'], row['size'], row['entries'], row['lease'], row['failures']],
    [head?.etag, crlBucket, list.der.length, 1, null, 0],
  )
  const halfLife = 3.5 * 86_400_000
  assert.equal(Number(row['due_at_ms']) - Number(row['generated_at_ms']), halfLife)
  const events = await services.db.query(sql`select event from events`)
  assert.equal(events.length, 1)
  assert.match(String(events[0]?.['event']), /CRL Generation.*"result":"success"/)
})

test('a failing key or a wrong signature publishes nothing and uses up a CRL number', async () => {
  const due = await dueCrl()
  const { keys } = services
  const signers: Services['keys']['sign'][] = [
    () => Promise.reject(new Error('no key')),
    async (handle, algorithm, message) =>
      keys.sign(handle, algorithm, Buffer.concat([message, Buffer.of(0)])),
    () => Promise.resolve(new Uint8Array()),
  ]
  let last = due.crl.crlNumber
  for (const sign of signers) {
    const crl = { ...due.crl, crlNumber: last }
    assert.deepEqual(await failure({ ...due, crl }, { keys: { ...keys, sign } }), unsigned)
    const now = Number((await rowOf(due.authority.id))['crl_number'])
    assert.ok(now > last)
    last = now
  }
  await publishCrl(services, { ...due, crl: { ...due.crl, crlNumber: last } })
  assert.ok((await published(due.authority.id)).crlNumber! > BigInt(last))
})

test('failed bulk work is reported as a CRL that cannot be generated', async () => {
  const due = await dueCrl()
  const bulk: Services['bulk'] = {
    ...services.bulk,
    tbsCertList: () => Promise.reject(new Error('the thread ended')),
  }
  assert.deepEqual(await failure(due, { bulk }), unsigned)
})

test('after a failure of the object store at any point, the next CRL number is higher', async (t) => {
  t.after(() => (objects.mode = 'works'))
  const due = await dueCrl()
  let last = due.crl.crlNumber
  for (const mode of ['half', 'refuse', 'missing'] as const) {
    objects.mode = mode
    const outcome = await failure({ ...due, crl: { ...due.crl, crlNumber: last } }, {})
    assert.equal(outcome.refused, mode !== 'half', mode)
    if (mode === 'half') assert.deepEqual(outcome, unwritten)
    else
      assert.equal(outcome.reason, 'Failed to write CRL to S3. Check your S3 bucket permissions.')
    const now = Number((await rowOf(due.authority.id))['crl_number'])
    assert.ok(now > last, mode)
    last = now
  }
  objects.mode = 'error'
  assert.deepEqual(await failure(due, {}), unwritten)
  assert.equal((await rowOf(due.authority.id))['crl_number'], last, 'no CRL number is reserved')
})

test('after a lost reply of the object store, the next CRL number is higher', async (t) => {
  t.after(() => (objects.mode = 'works'))
  const due = await dueCrl()
  objects.mode = 'lost'
  await assert.rejects(publishCrl(services, due))
  objects.mode = 'works'
  const first = await published(due.authority.id)
  assert.equal(first.crlNumber, BigInt(Number((await rowOf(due.authority.id))['crl_number'])))
  await publishCrl(services, due)
  assert.ok((await published(due.authority.id)).crlNumber! > first.crlNumber)
})

test('a publication without a valid lease writes no object', async () => {
  const due = await dueCrl()
  const late = { ...due, signal: AbortSignal.abort(new Error('lost')) }
  assert.deepEqual(await failure(late, {}), unwritten)
  const lost = { ...due, lease: { ...due.lease, token: 'other' } }
  const before_ = await published(due.authority.id)
  await assert.rejects(publishCrl(services, lost), ConflictError)
  assert.deepEqual((await published(due.authority.id)).der, before_.der)
})

test('a lease that was lost after the object was written makes the CRL due again', async () => {
  const due = await dueCrl()
  const { id } = due.authority
  const put: Services['objects']['put'] = async (...args) => {
    const head = await services.objects.put(...args)
    await services.db.transaction([
      sql`update crls set lease = 'other', due_at_ms = 9000000000000000 where name = ${id}`,
    ])
    return head
  }
  const late = { ...services, objects: { ...services.objects, put } }
  await assert.rejects(publishCrl(late, due), ConflictError)
  const { lease, due_at_ms, changes } = await rowOf(id)
  assert.equal(lease, 'other')
  assert.ok(Number(due_at_ms) <= services.clock.now().getTime())
  assert.equal(changes, due.crl.changes + 1)
  assert.deepEqual(await services.db.query(sql`select * from events`), [])
})

test('a revocation during a publication makes the next CRL due immediately and is listed on it', async () => {
  const due = await dueCrl()
  const { authority } = due
  const arn = `arn:aws:acm-pca:eu-west-1:${authority.accountId}:certificate-authority/${authority.id}`
  const leaf = await issue(service, { arn, csr: csr('ec-server') })
  const { keys } = services
  const sign: typeof keys.sign = async (...args) => {
    await revoke(service, leaf.arn)
    return keys.sign(...args)
  }
  await publishCrl({ ...services, keys: { ...keys, sign } }, due)
  assert.equal((await published(authority.id)).entries.size, 1)
  await eventually(async () => {
    const { entries } = await published(authority.id)
    return entries.size === 2 ? entries : undefined
  }, 'a CRL with both entries')
})

test('a failure is classified by its type and not by its message', () => {
  assert.equal(crlFailure(new BucketError('refused', 'x')).refused, true)
  assert.deepEqual(crlFailure(new Error('AccessDenied')), unwritten)
  assert.deepEqual(crlFailure('x'), unwritten)
})

/** Builds the DER of a partition that is full of entries of maximum length and signed with ML-DSA-87. */
function fullPartition(issuerName: Uint8Array): Uint8Array {
  const writer = new RevokedCertificatesWriter()
  const serialNumber = new Uint8Array(16).fill(255)
  // From 2050 onward, encoded times are two bytes longer (RFC 5280 §5.1.2.6).
  const revocationDate = new Date(Date.UTC(2060, 0))
  const certificates = partitionCertificatesMax(issuerName.length)
  for (let n = 0; n < certificates; n += 1)
    writer.add({ serialNumber, revocationDate, reasonCode: 1 })
  assert.equal(writer.entries, certificates)
  const fields = crlFields({
    signingAlgorithm: 'ML_DSA_87',
    issuer: { subjectDer: issuerName, keyIdentifier: new Uint8Array(20) },
    crlNumber: Number.MAX_SAFE_INTEGER,
    generatedAt: revocationDate,
    expirationDays: 5000,
    partitionUri: `http://${'a'.repeat(253)}/${'p'.repeat(253)}/${'u'.repeat(36)}.crl`,
  })
  // FIPS 204, table 2: an ML-DSA-87 signature has 4,627 bytes.
  const signature = new Uint8Array(4627)
  return encodeCertificateList(
    encodeTbsCertList(fields, writer.pieces()),
    fields.signatureAlgorithm,
    signature,
  )
}

test('a full partition is smaller than a megabyte with the longest standard subject', () => {
  const lengths = {
    '2.5.4.10': 64,
    '2.5.4.11': 64,
    '2.5.4.8': 128,
    '2.5.4.7': 128,
    '2.5.4.65': 128,
  }
  const name = Object.entries(lengths).map(([type, length]) => ({
    type,
    value: '\u{10000}'.repeat(length),
  }))
  const der = fullPartition(encodeName(name))
  assert.ok(der.length < 1_000_000, `${der.length} bytes`)
  assert.ok(der.length > 980_000, 'the partition is as large as possible')
  assert.equal(readCrl(Buffer.from(der)).nextUpdate.getUTCFullYear(), 2073)
})

test('a full partition is smaller than a megabyte with the longest subject of custom attributes', () => {
  const attribute = { type: '1.2.3.4', value: '\u{10000}'.repeat(256) }
  const name = encodeName(Array.from({ length: 150 }, () => attribute))
  const der = fullPartition(name)
  assert.ok(der.length < 1_000_000, `${der.length} bytes`)
})
