/** Compares retired certificates with their leaves, in both directions. */
import { decodeDigestedRows } from '../../record/digested-rows.ts'
import type { Leaf } from '../../record/leaf.ts'
import { bytesOf, integerOf } from '../../store/columns.ts'
import { selectRetiredCertificates } from '../../store/recorded-rows.ts'
import { retiredRowDigest } from '../../store/retired-certificates.ts'
import { rowsOf } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

export class RetiredComparison {
  /** Digests by certificate number. Digests are stored as strings, which need less memory than byte arrays. */
  readonly #expected = new Map<number, string>()

  add({ kind, table, rows }: Leaf): void {
    const isCovered =
      kind === 'retirement' || (kind === 'baseline' && table === 'retired_certificates')
    if (!isCovered || rows === undefined) return
    for (const { number, digest } of decodeDigestedRows(rows))
      this.#expected.set(number, textOf(digest))
  }

  async finish(read: Read, problem: AddProblem): Promise<void> {
    for await (const page of rowsOf({ read }, selectRetiredCertificates))
      for (const row of page) this.#compareRow(row, problem)
    for (const number of this.#expected.keys())
      problem(`retired certificate number ${number} was removed`)
  }

  #compareRow(row: Row, problem: AddProblem): void {
    const number = integerOf(row, 'certificate_number')
    const serial = Buffer.from(bytesOf(row, 'serial_number')).toString('hex')
    const authority = integerOf(row, 'authority_number')
    const name = `certificate ${serial} of CA number ${authority}`
    const digest = this.#expected.get(number)
    this.#expected.delete(number)
    if (digest === undefined) problem(`the retired ${name} was added`)
    else if (digest !== textOf(retiredRowDigest(row))) problem(`the retired ${name} was changed`)
    if (row['issued_number'] !== null) problem(`the ${name} was added after its retirement`)
  }
}

function textOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('latin1')
}
