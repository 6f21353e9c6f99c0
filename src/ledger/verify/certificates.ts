/** Compares certificates with their leaves, in both directions. */
import { decodeDigestedRows } from '../../record/digested-rows.ts'
import type { Leaf } from '../../record/leaf.ts'
import { isSameHash } from '../../record/merkle.ts'
import { bytesOf, integerOf } from '../../store/columns.ts'
import {
  recordedCertificateOf,
  selectCertificateOfNumber,
  selectRecordedCertificate,
  selectRecordedCertificates,
  wholeCertificateDigest,
  type RecordedCertificate,
} from '../../store/recorded-rows.ts'
import { rowsOf } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

/** A leaf for a certificate whose row has not been found yet. */
interface Expected {
  /** Position of the leaf; undefined if the certificate is older than the record. */
  readonly leaf: number | undefined
  readonly isSame: (certificate: RecordedCertificate) => boolean
}

/** A row whose leaf has not been found yet, or a row that follows such a row in the queue. */
interface Waiting {
  readonly row: Row
  /** Position of the row's leaf, or `early` if the certificate is older than the record. */
  leaf: number | 'early' | undefined
}

/**
 * Reads rows in parallel with the leaves. Leaves and rows are in the same order, so few of them are in memory at a time, unless
 * rows were altered.
 */
export class CertificateComparison {
  readonly #read: Read
  readonly #problem: AddProblem
  readonly #expected = new Map<string, Expected>()
  readonly #rows = new Map<string, Waiting>()
  readonly #pages: AsyncGenerator<Row[]>
  #queue: Waiting[] = []
  #isEnd = false
  #leaves = 0
  #seen = 0
  #lastLeaf = -1

  constructor(read: Read, problem: AddProblem) {
    this.#read = read
    this.#problem = problem
    this.#pages = rowsOf({ read }, selectRecordedCertificates)
  }

  add(position: number, leaf: Leaf): void {
    const { kind, authority = 0, serialNumber, sha256, rowDigest, rows } = leaf
    if (kind === 'baseline' && leaf.table === 'certificates' && rows !== undefined)
      for (const { number, digest } of decodeDigestedRows(rows))
        this.#expect(`#${number}`, {
          leaf: undefined,
          isSame: (certificate) => isSameHash(wholeCertificateDigest(certificate), digest),
        })
    if (serialNumber === undefined || sha256 === undefined || rowDigest === undefined) return
    if (kind === 'certificate')
      this.#expect(keyOf(authority, serialNumber), {
        leaf: position,
        isSame: (certificate) =>
          isSameHash(certificate.sha256, sha256) && isSameHash(certificate.rowDigest, rowDigest),
      })
    if (kind === 'retirement')
      this.#retire({ authority, serialNumber, sha256, rowDigest }, rows ?? new Uint8Array())
  }

  /** A retirement leaf contains the digests of the deleted row. */
  #retire(certificate: RecordedCertificate, rows: Uint8Array): void {
    const keys = [
      keyOf(certificate.authority, certificate.serialNumber),
      ...decodeDigestedRows(rows).map(({ number }) => `#${number}`),
    ]
    const expected = keys.flatMap((key) => this.#expected.get(key) ?? [])
    if (!expected.every(({ isSame }) => isSame(certificate)))
      this.#problem(`${nameOf(certificate)} was changed before it was retired`)
    for (const key of keys) this.#expected.delete(key)
  }

  /** Reads the rows for the leaves added so far. */
  async advance(): Promise<void> {
    while (!this.#isEnd && this.#seen < this.#leaves) await this.#readPage()
    this.#release()
  }

  /** Reads the remaining rows, and reports rows without a leaf and leaves without a row. */
  async finish(): Promise<void> {
    while (!this.#isEnd) await this.#readPage()
    this.#release()
    for (const { row, leaf } of this.#queue)
      if (leaf === undefined) this.#problem(`${nameOfRow(row)} was added`)
    for (const [key, { leaf, isSame }] of this.#expected)
      if (!(await this.#isElsewhere(key, isSame)))
        this.#problem(
          leaf === undefined
            ? `certificate number ${key.slice(1)} was removed`
            : `the certificate ${key.split(':')[1]} of CA number ${key.split(':')[0]}, in leaf ${leaf}, was removed`,
        )
  }

  #expect(key: string, expected: Expected): void {
    this.#leaves += 1
    const waiting = this.#rows.get(key)
    if (waiting === undefined) this.#expected.set(key, expected)
    else this.#match(waiting, expected)
  }

  async #readPage(): Promise<void> {
    const { value: page, done } = await this.#pages.next()
    this.#isEnd = done === true
    for (const row of page ?? []) this.#addRow(row)
  }

  #addRow(row: Row): void {
    this.#seen += 1
    const waiting: Waiting = { row, leaf: undefined }
    const keys = keysOf(row)
    this.#queue.push(waiting)
    const key = keys.find((one) => this.#expected.has(one))
    const expected = key === undefined ? undefined : this.#expected.get(key)
    if (key === undefined || expected === undefined)
      for (const one of keys) this.#rows.set(one, waiting)
    else {
      this.#expected.delete(key)
      this.#match(waiting, expected)
    }
  }

  #match(waiting: Waiting, { leaf, isSame }: Expected): void {
    for (const key of keysOf(waiting.row)) this.#rows.delete(key)
    waiting.leaf = leaf ?? 'early'
    if (!isSame(recordedCertificateOf(waiting.row)))
      this.#problem(`${nameOfRow(waiting.row)} was changed`)
  }

  /** Removes rows from the front of the queue if their leaves are known. Leaves must be in the same order as the rows. */
  #release(): void {
    const first = this.#queue.findIndex(({ leaf }) => leaf === undefined)
    const known = first === -1 ? this.#queue : this.#queue.slice(0, first)
    for (const { row, leaf } of known) {
      if (typeof leaf !== 'number') continue
      if (leaf < this.#lastLeaf)
        this.#problem(`${nameOfRow(row)} was moved: its number was changed`)
      this.#lastLeaf = Math.max(leaf, this.#lastLeaf)
    }
    this.#queue = first === -1 ? [] : this.#queue.slice(first)
  }

  /**
   * A certificate that was issued while the record was being started has both an issuance leaf and a baseline leaf. If the
   * start of the record was interrupted and repeated, a certificate has two baseline leaves.
   */
  async #isElsewhere(key: string, isSame: Expected['isSame']): Promise<boolean> {
    const [authority, serial = ''] = key.split(':')
    const rows = await this.#read(
      key.startsWith('#')
        ? selectCertificateOfNumber(Number(key.slice(1)))
        : selectRecordedCertificate(Number(authority), Buffer.from(serial, 'hex')),
    )
    return rows.some((row) => isSame(recordedCertificateOf(row)))
  }
}

function keysOf(row: Row): readonly [string, string] {
  return [
    keyOf(integerOf(row, 'authority_number'), bytesOf(row, 'serial_number')),
    `#${numberOf(row)}`,
  ]
}

function keyOf(authority: number, serialNumber: Uint8Array): string {
  return `${authority}:${Buffer.from(serialNumber).toString('hex')}`
}

function numberOf(row: Row): number {
  return integerOf(row, 'certificate_number')
}

function nameOfRow(row: Row): string {
  return nameOf({
    authority: integerOf(row, 'authority_number'),
    serialNumber: bytesOf(row, 'serial_number'),
  })
}

function nameOf({
  authority,
  serialNumber,
}: Pick<RecordedCertificate, 'authority' | 'serialNumber'>): string {
  const serial = Buffer.from(serialNumber).toString('hex')
  return `the certificate ${serial} of CA number ${authority}`
}
