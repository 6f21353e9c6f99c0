/** Inserts millions of certificates into a stopped server's database, with the rows that issuance would write. */
import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { CertificateEntries } from '../src/search/facets.ts'
import { entryRows } from '../src/store/search-progress.ts'
import type { FoundCertificate } from '../src/store/certificate-search.ts'
import type { Target } from './target.ts'
import { progress } from './turns.ts'

/** Host name in the sample certificate. Each copy of the certificate has different digits in the host name. */
const sampleName = 'h00000000.t000.example.com'

/** Numbers of distinct values per search field. Only host names are unique; all other searchable values repeat. */
export const spread = {
  tenants: 1000,
  requesters: 10_000,
  templates: [
    'EndEntityCertificate',
    'EndEntityClientAuthCertificate',
    'EndEntityServerAuthCertificate',
    'CodeSigningCertificate',
  ],
  /** Number of certificates per revoked certificate. */
  revokedEvery: 1000,
  /** Length of the issuance period, and the maximum validity, both in days. */
  days: 730,
}

/** Returns the IssueCertificate input for the sample certificate. */
export function sampleInput({ issueInput }: Pick<Target, 'issueInput'>, csr: string): object {
  return {
    ...issueInput(csr),
    TemplateArn: 'arn:aws:acm-pca:::template/EndEntityCertificate_APIPassthrough/V1',
    ApiPassthrough: {
      Subject: { CommonName: sampleName },
      Extensions: { SubjectAlternativeNames: [{ DnsName: sampleName }] },
    },
  }
}

/** Returns the host name of the certificate with the given index. Tenants and requesters are spread evenly over all indexes. */
export function nameOf(index: number): string {
  return `h${String(index).padStart(8, '0')}.${tenantOf(index)}.example.com`
}

export function tenantOf(index: number): string {
  return `t${String((index * 7) % spread.tenants).padStart(3, '0')}`
}

export function requesterOf(index: number): string {
  return `arn:aws:iam::123456789012:user/u${(index * 13) % spread.requesters}`
}

export interface Stock {
  readonly data: string
  /**
   * ARNs of the CAs to fill with certificates. The first CA gets 90 % of the certificates, and the other CAs share the rest. A
   * single CA gets all certificates.
   */
  readonly authorityArns: readonly string[]
  readonly count: number
}

const batchSize = 100_000
const progressInterval = 500_000

/**
 * Inserts copies of the newest certificate with different searchable values, and then adds the copies to the search tables.
 * Search rows are inserted in key order, so that millions of rows take only minutes.
 */
export function seedCertificates(stock: Stock): void {
  // The database needs no journal: no other process has the file open, and the folder is removed after a failure.
  const database = new DatabaseSync(join(stock.data, 'signet.sqlite'), { defensive: false })
  try {
    database.exec(`pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off;
      pragma locking_mode = exclusive; pragma cache_size = -500000;
      drop index certificates_by_serial_number;
      create temp table staged (facet integer, name text, certificate_number integer)`)
    const sample = sampleOf(database, stock)
    const inserts = insertsOf(database, sample.row)
    const positions = new Positions()
    for (let start = 0; start < stock.count; start += batchSize) {
      const length = Math.min(batchSize, stock.count - start)
      const certificates = Array.from({ length }, (_, index) =>
        certificateOf(sample, stock, start + index),
      )
      database.exec('begin')
      for (const certificate of certificates) insertCertificate(inserts, certificate)
      for (const [number, issued] of Map.groupBy(
        certificates,
        ({ authority }) => authority.number,
      )) {
        const revoked = issued.filter(({ revocation }) => revocation !== undefined)
        inserts.counts.run(issued.length, revoked.length, number)
      }
      const entries = new CertificateEntries()
      for (const certificate of certificates) entries.add(certificate)
      for (const row of entryRows(entries.positions)) positions.add(...row)
      for (const row of entryRows(entries.names)) inserts.name.run(...row)
      database.exec('commit')
      if ((start + length) % progressInterval === 0)
        progress(`${start + length} certificates stored`)
    }
    finish(database, positions)
  } finally {
    database.close()
  }
}

function finish(database: DatabaseSync, positions: Positions): void {
  database.exec('begin')
  const insert = database.prepare('insert into certificate_facets values (?, ?, ?)')
  for (const [facet, position, number] of positions.sorted()) insert.run(facet, position, number)
  database.exec(`insert into certificate_names select * from staged
    order by facet, name, certificate_number`)
  database.exec(`create unique index certificates_by_serial_number
    on certificates (serial_number, authority_number)`)
  database.exec(`update search_progress
    set certificate_number = (select max(certificate_number) from certificates);
    commit; pragma journal_mode = wal`)
}

/** Entries of the `certificate_facets` table, grouped by facet. Each entry is encoded as one number. */
class Positions {
  readonly #byFacet = new Map<number, { numbers: Float64Array; count: number }>()

  add(facet: number, position: number, certificateNumber: number): void {
    const list = this.#byFacet.get(facet) ?? { numbers: new Float64Array(16), count: 0 }
    this.#byFacet.set(facet, list)
    if (list.count === list.numbers.length) {
      const larger = new Float64Array(list.count * 2)
      larger.set(list.numbers)
      list.numbers = larger
    }
    list.numbers[list.count] = (position - earliest) * numbersMax + certificateNumber
    list.count += 1
  }

  *sorted(): Generator<[facet: number, position: number, certificateNumber: number]> {
    for (const [facet, { numbers, count }] of [...this.#byFacet].toSorted(([a], [b]) => a - b))
      for (const entry of numbers.subarray(0, count).toSorted())
        yield [facet, Math.floor(entry / numbersMax) + earliest, entry % numbersMax]
  }
}

/** An exclusive upper bound for certificate numbers. A facet entry, including the seconds since 2017, has at most 53 bits. */
const numbersMax = 2 ** 24
const earliest = 1_500_000_000

interface Sample {
  readonly row: Record<string, SQLInputValue>
  readonly der: Buffer
  /** Offsets of the host name in the certificate's DER. */
  readonly offsets: readonly number[]
  readonly authorities: readonly FoundCertificate['authority'][]
  readonly number: number
  readonly now: number
}

function sampleOf(database: DatabaseSync, { authorityArns }: Stock): Sample {
  const authorities = authorityArns.map((arn) => {
    const row = database
      .prepare('select * from authorities where id = ?')
      .get(arn.split('/').at(-1) ?? '')
    return {
      number: Number(row?.['authority_number']),
      id: String(row?.['id']),
      partition: String(row?.['partition_name']),
      region: String(row?.['region']),
      accountId: String(row?.['account_id']),
      restorableUntil: undefined,
    }
  })
  const row = database
    .prepare('select * from certificates order by certificate_number desc limit 1')
    .get()
  if (row === undefined) throw new Error('the database has no certificate to copy')
  const der = Buffer.from(row['certificate_der'] as Uint8Array)
  const offsets: number[] = []
  for (let offset = der.indexOf(sampleName); offset >= 0;) {
    offsets.push(offset)
    offset = der.indexOf(sampleName, offset + 1)
  }
  if (offsets.length === 0) throw new Error('the newest certificate is not the sample certificate')
  const number = Number(row['certificate_number'])
  return { row, der, offsets, authorities, number, now: Date.now() }
}

const dayMilliseconds = 86_400_000

function certificateOf(sample: Sample, { count }: Stock, index: number): FoundCertificate {
  const { der, offsets, authorities, now } = sample
  const certificateDer = Buffer.from(der)
  for (const offset of offsets) certificateDer.write(nameOf(index), offset, 'latin1')
  const others = authorities.length - 1
  const authority =
    authorities[others > 0 && index % 10 === 9 ? 1 + (Math.floor(index / 10) % others) : 0]
  if (authority === undefined) throw new Error('the list of CAs is empty')
  const length = spread.days * dayMilliseconds
  const lifetime = (1 + randomInt(spread.days)) * dayMilliseconds
  const issuedAt = new Date(now - length + Math.floor((index / count) * length))
  const notAfter = new Date(Math.floor((issuedAt.getTime() + lifetime) / 1000) * 1000)
  return {
    number: sample.number + 1 + index,
    key: 0,
    authority,
    serialNumber: randomBytes(16),
    certificateDer,
    templateName: spread.templates[index % spread.templates.length] ?? '',
    issuedAt,
    notAfter,
    requester: { accountId: authority.accountId, name: requesterOf(index) },
    revocation:
      index % spread.revokedEvery === 0 ? { revokedAt: issuedAt, reasonCode: 4 } : undefined,
  }
}

interface Inserts {
  readonly certificate: StatementSync
  readonly columns: readonly string[]
  readonly row: Sample['row']
  readonly revocation: StatementSync
  readonly counts: StatementSync
  readonly name: StatementSync
}

function insertsOf(database: DatabaseSync, row: Sample['row']): Inserts {
  const columns = Object.keys(row)
  const placeholders = columns.map(() => '?').join(', ')
  return {
    columns,
    row,
    certificate: database.prepare(
      `insert into certificates (${columns.join(', ')}) values (${placeholders})`,
    ),
    revocation: database.prepare(
      `insert into revocations (authority_number, certificate_number, serial_number, crl_id,
        revoked_at_ms, reason_code, not_after) values (?, ?, ?, ?, ?, ?, ?)`,
    ),
    counts: database.prepare(
      `update certificate_counts set issued = issued + ?, revoked = revoked + ?
        where authority_number = ?`,
    ),
    name: database.prepare('insert into staged values (?, ?, ?)'),
  }
}

function insertCertificate(
  { certificate, columns, row, revocation }: Inserts,
  found: FoundCertificate,
): void {
  const { number, authority, serialNumber, notAfter } = found
  const changed: Record<string, SQLInputValue> = {
    certificate_number: number,
    authority_number: authority.number,
    serial_number: serialNumber,
    certificate_der: found.certificateDer,
    template_name: found.templateName,
    issued_at_ms: found.issuedAt.getTime(),
    not_after: notAfter.getTime() / 1000,
    requester_arn: found.requester.name ?? null,
  }
  certificate.run(...columns.map((column) => changed[column] ?? row[column] ?? null))
  if (found.revocation !== undefined) {
    const { revokedAt, reasonCode } = found.revocation
    const revokedAtMs = revokedAt.getTime()
    const expiresAt = notAfter.getTime() / 1000
    const crlId = row['crl_id'] ?? null
    const values = [authority.number, number, serialNumber, crlId, revokedAtMs, reasonCode]
    revocation.run(...values, expiresAt)
  }
}
