/** Tests that a CA is found by the CertIDs of all its certificates, including those imported later. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { TestDatabase } from '../../test/support/database.ts'
import type { Database } from '../store/database.ts'
import { sql, type Sql } from '../store/sql.ts'
import { signatureAlgorithmIdentifier } from '../x509/algorithm-identifier.ts'
import { encodeBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { encodeCertificate, encodeTbsCertificate } from '../x509/certificate.ts'
import { encodeName } from '../x509/names/name.ts'
import { certIdHashes, type CertId } from '../x509/ocsp/request.ts'
import { oids } from '../x509/der/oid.ts'
import { createOcspIssuers } from './issuers.ts'

const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
const spkiOf = (): Uint8Array =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'der',
    type: 'spki',
  })
const spki = spkiOf()
const subjectOf = (commonName: string): Uint8Array =>
  encodeName([{ type: oids.commonName, value: commonName }])

function certificateOf(commonName: string, subjectPublicKeyInfo = spki): Uint8Array {
  const tbs = encodeTbsCertificate({
    serialNumber: Uint8Array.of(1),
    signatureAlgorithm: algorithm,
    issuer: subjectOf(commonName),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2036-01-01T00:00:00Z'),
    subject: subjectOf(commonName),
    subjectPublicKeyInfo,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: undefined }),
      },
    ],
  })
  return encodeCertificate(tbs, algorithm, Uint8Array.of(1))
}

/** Builds a CertID for a name and a public key. The last 65 bytes of the key are the EC point. */
function certIdOf(commonName: string, hash: CertId['hash'] = 'sha1', key = spki): CertId {
  const digest = (bytes: Uint8Array): Uint8Array => createHash(hash).update(bytes).digest()
  return {
    der: new Uint8Array(),
    hash,
    issuerNameHash: digest(subjectOf(commonName)),
    issuerKeyHash: digest(key.subarray(-65)),
    serialNumber: Uint8Array.of(1),
  }
}

const authority = (id: string): Sql =>
  sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
      key_storage_security_standard, configuration, revocation_configuration, status,
      created_at_ms, last_state_change_at_ms, revision)
    values (${id}, 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`

const imported = (id: string, der: Uint8Array): Sql =>
  sql`insert into authority_certificates (authority_number, serial_number, not_before, not_after,
      certificate_der, imported_at_ms)
    select authority_number, '1', 0, 0, ${der}, 0 from authorities where id = ${id}`

async function openDatabase(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    authority('one'),
    authority('two'),
  ])
  return database
}

/** Counts the database queries. */
function counted(db: Database) {
  let queries = 0
  const counting = new Proxy(db, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target)
      if (typeof found !== 'function') return found
      return (...given: unknown[]): unknown => {
        if (name === 'query') queries += 1
        return Reflect.apply(found, target, given)
      }
    },
  })
  return { db: counting, queries: () => queries }
}

test('a CA is found by the hashes of its name and key, with any of the algorithms', async () => {
  await using database = await openDatabase()
  const key = spkiOf()
  await database.db.transaction([
    imported('one', certificateOf('one')),
    imported('two', certificateOf('two', key)),
  ])
  const issuers = createOcspIssuers(database.db)
  for (const hash of certIdHashes) {
    assert.equal(await issuers.find(certIdOf('one', hash)), 'one')
    assert.equal(await issuers.find(certIdOf('two', hash, key)), 'two')
    assert.equal(await issuers.find(certIdOf('two', hash)), undefined, 'name and key must match')
    assert.equal(await issuers.find(certIdOf('one', hash, key)), undefined)
    assert.equal(await issuers.find(certIdOf('three', hash)), undefined)
  }
})

test('hashes of one algorithm do not match hashes of another algorithm', async () => {
  await using database = await openDatabase()
  await database.db.transaction([imported('one', certificateOf('one'))])
  const issuers = createOcspIssuers(database.db)
  assert.equal(await issuers.find({ ...certIdOf('one'), hash: 'sha256' }), undefined)
  const { issuerNameHash, issuerKeyHash } = certIdOf('one')
  const swapped = { issuerNameHash: issuerKeyHash, issuerKeyHash: issuerNameHash }
  assert.equal(await issuers.find({ ...certIdOf('one'), ...swapped }), undefined)
})

test('a CA is found by every certificate it ever had, even after another import', async () => {
  await using database = await openDatabase()
  await database.db.transaction([imported('one', certificateOf('one'))])
  const issuers = createOcspIssuers(database.db)
  assert.equal(await issuers.find(certIdOf('one')), 'one')
  assert.equal(await issuers.find(certIdOf('renamed')), undefined)
  await database.db.transaction([imported('one', certificateOf('renamed'))])
  assert.equal(await issuers.find(certIdOf('renamed')), 'one')
  assert.equal(await issuers.find(certIdOf('one')), 'one')
})

test('a known CertID needs no query, and an unknown CertID needs one query', async () => {
  await using database = await openDatabase()
  await database.db.transaction([imported('one', certificateOf('one'))])
  const { db, queries } = counted(database.db)
  const issuers = createOcspIssuers(db)
  assert.equal(queries(), 0)
  await issuers.find(certIdOf('one'))
  assert.equal(queries(), 1)
  for (const hash of certIdHashes) await issuers.find(certIdOf('one', hash))
  assert.equal(queries(), 1)
  await issuers.find(certIdOf('three'))
  assert.equal(queries(), 2)
})

test('all pages of certificates are read, even by concurrent lookups', async () => {
  await using database = await openDatabase()
  const names = Array.from({ length: 600 }, (_, at) => `ca ${at}`)
  await database.db.transaction(
    names.map((name, at) => imported(at % 2 === 0 ? 'one' : 'two', certificateOf(name))),
  )
  const issuers = createOcspIssuers(database.db)
  const found = await Promise.all(
    [599, 0, 255, 256, 257, 511, 512, 513, 598].map((at) => issuers.find(certIdOf(`ca ${at}`))),
  )
  assert.deepEqual(found, ['two', 'one', 'two', 'one', 'two', 'two', 'one', 'two', 'one'])
  for (const [at, name] of names.entries())
    assert.equal(await issuers.find(certIdOf(name, 'sha256')), at % 2 === 0 ? 'one' : 'two')
})

test('a database error fails one lookup, and the next lookup succeeds', async () => {
  await using database = await openDatabase()
  await database.db.transaction([imported('one', certificateOf('one'))])
  let fails = true
  const failing = new Proxy(database.db, {
    get(target, name) {
      if (name === 'query' && fails)
        return () => Promise.reject(new Error('the database is unavailable'))
      const found: unknown = Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
  const issuers = createOcspIssuers(failing)
  await assert.rejects(issuers.find(certIdOf('one')), /the database is unavailable/)
  fails = false
  assert.equal(await issuers.find(certIdOf('one')), 'one')
})
