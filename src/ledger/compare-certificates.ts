/** Comparison of certificates with their leaves, in both directions. */
import { decodeDigestedRows } from '../record/digested-rows.ts'
import type { Leaf } from '../record/leaf.ts'
import { isSameHash, sha256 } from '../record/merkle.ts'
import { certificateRowDigest } from '../store/certificates.ts'
import { bytesOf, integerOf } from '../store/columns.ts'
import {
  selectRecordedCertificate,
  selectRecordedCertificates,
  wholeCertificateDigest,
} from '../store/recorded-rows.ts'
import type { Row } from '../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

const pageRows = 1000

/** A leaf about a certificate whose row was not found yet. */
interface Expected {
  /** Position of the leaf. Undefined for a certificate that is older than the record. */
  readonly leaf: number | undefined
  readonly isRow: (row: Row) => boolean
}

/** A row whose leaf was not found yet, or whose predecessor is still waiting. */
interface Waiting {
  readonly row: Row
  /** Position of its leaf: `early` for a certificate that is older than the record. */
  leaf: number | 'early' | undefined
}

/**
 * Reads rows in step with the leaves. Leaves and rows are in the same order, so few of them have to be kept in memory unless rows
 * were altered.
 */
export class CertificateComparison {
  readonly #read: Read
  readonly #problem: AddProblem
  readonly #expected = new Map<string, Expected>()
  readonly #rows = new Map<string, Waiting>()
  #queue: Waiting[] = []
  #after = Number.MIN_SAFE_INTEGER
  #isEnd = false
  #leaves = 0
  #seen = 0
  #lastLeaf = -1

  constructor(read: Read, problem: AddProblem) {
    this.#read = read
    this.#problem = problem
  }

  add(position: number, leaf: Leaf): void {
    const { authority = 0, serialNumber, sha256: digest, rowDigest } = leaf
    if (leaf.kind === 'baseline' && leaf.table === 'certificates' && leaf.rows !== undefined)
      for (const { number, digest: whole } of decodeDigestedRows(leaf.rows))
        this.#expect(`#${number}`, {
          leaf: undefined,
          isRow: (row) => isSameHash(wholeCertificateDigest(row), whole),
        })
    if (serialNumber === undefined) return
    const key = keyOf(authority, serialNumber)
    if (leaf.kind === 'certificate' && digest !== undefined && rowDigest !== undefined)
      this.#expect(key, {
        leaf: position,
        isRow: (row) =>
          isSameHash(sha256(bytesOf(row, 'certificate_der')), digest) &&
          isSameHash(certificateRowDigest(row), rowDigest),
      })
    if (leaf.kind === 'retirement') {
      this.#expected.delete(key)
      this.#expected.delete(`#${leaf.detail}`)
    }
  }

  /** Reads the rows that the leaves so far are about. */
  async advance(): Promise<void> {
    while (!this.#isEnd && this.#seen < this.#leaves) await this.#readPage()
    this.#release()
  }

  /** Reads the remaining rows, and reports rows without a leaf and leaves without a row. */
  async finish(): Promise<void> {
    while (!this.#isEnd) await this.#readPage()
    this.#release()
    for (const { row, leaf } of this.#queue)
      if (leaf === undefined) this.#problem(`${nameOf(row)} was added`)
    for (const [key, { leaf, isRow }] of this.#expected)
      if (!(await this.#isElsewhere(key, isRow)))
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
    const page = await this.#read(selectRecordedCertificates(this.#after, pageRows))
    for (const row of page) this.#addRow(row)
    this.#after = page.length === 0 ? this.#after : numberOf(page.at(-1) ?? {})
    this.#isEnd = page.length < pageRows
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

  #match(waiting: Waiting, { leaf, isRow }: Expected): void {
    for (const key of keysOf(waiting.row)) this.#rows.delete(key)
    waiting.leaf = leaf ?? 'early'
    if (!isRow(waiting.row)) this.#problem(`${nameOf(waiting.row)} was changed`)
  }

  /** Drops the rows at the front of the queue whose leaves are known. Their leaves must be in the order of the rows. */
  #release(): void {
    const first = this.#queue.findIndex(({ leaf }) => leaf === undefined)
    const known = first === -1 ? this.#queue : this.#queue.slice(0, first)
    for (const { row, leaf } of known) {
      if (typeof leaf !== 'number') continue
      if (leaf < this.#lastLeaf) this.#problem(`${nameOf(row)} was moved: its number was changed`)
      this.#lastLeaf = Math.max(leaf, this.#lastLeaf)
    }
    this.#queue = first === -1 ? [] : this.#queue.slice(first)
  }

  /**
   * A certificate that was issued while the record began has both kinds of leaves. If the beginning was interrupted and repeated, a
   * certificate has two leaves of the baseline.
   */
  async #isElsewhere(key: string, isRow: (row: Row) => boolean): Promise<boolean> {
    if (key.startsWith('#')) {
      const number = Number(key.slice(1))
      const [row] = await this.#read(selectRecordedCertificates(number - 1, 1))
      return row !== undefined && numberOf(row) === number && isRow(row)
    }
    const [authority, serial = ''] = key.split(':')
    const select = selectRecordedCertificate(Number(authority), Buffer.from(serial, 'hex'))
    return (await this.#read(select)).some(isRow)
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

function nameOf(row: Row): string {
  const serial = Buffer.from(bytesOf(row, 'serial_number')).toString('hex')
  return `the certificate ${serial} of CA number ${integerOf(row, 'authority_number')}`
}
