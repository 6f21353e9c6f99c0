/** Compares revocations with their leaves, in both directions. */
import { decodeDigestedRows } from '../../record/digested-rows.ts'
import type { Leaf } from '../../record/leaf.ts'
import { isSameHash } from '../../record/merkle.ts'
import { bytesOf, integerOf } from '../../store/columns.ts'
import {
  revocationDigest,
  selectRecordedRevocations,
  wholeRevocationDigest,
} from '../../store/recorded-rows.ts'
import { parseState } from '../../record/leaf-state.ts'
import { isRecoveredNumber } from '../../store/recovered-revocations.ts'
import { rowsOf } from '../../store/snapshot.ts'
import type { Row } from '../../store/sql.ts'
import type { AddProblem, Read } from './verify-tree.ts'

interface Expected {
  /** Position of the leaf in the record. */
  readonly position: number
  readonly digest: Uint8Array
  readonly digestOf: (row: Row) => Uint8Array
}

/** A leaf that records the opening of a CRL. Earlier revocations without a CRL belong to this CRL. */
interface Opening {
  readonly position: number
  readonly crlId: string
}

export class RevocationComparison {
  /** Revocation leaves, keyed by serial number, or by `#` and the certificate number for revocations older than the record. */
  readonly #expected = new Map<string, Expected>()
  /** Leaves for opened CRLs, keyed by CA number. */
  readonly #openings = new Map<number, Opening[]>()

  add(position: number, leaf: Leaf): void {
    const { kind, authority = 0, serialNumber, rowDigest, table, rows } = leaf
    if (kind === 'revocation' && serialNumber !== undefined && rowDigest !== undefined) {
      const expected = { position, digest: rowDigest, digestOf: revocationDigest }
      this.#expected.set(serialKey(authority, serialNumber), expected)
    }
    if (kind === 'baseline' && table === 'revocations' && rows !== undefined)
      for (const { number, digest } of decodeDigestedRows(rows))
        this.#expected.set(`${authority}#${number}`, {
          position,
          digest,
          digestOf: wholeRevocationDigest,
        })
    if (kind === 'retirement' && serialNumber !== undefined && rows !== undefined) {
      this.#expected.delete(serialKey(authority, serialNumber))
      for (const { number } of decodeDigestedRows(rows))
        this.#expected.delete(`${authority}#${number}`)
    }
    if (kind === 'change' && table === 'crls') this.#addOpening(position, leaf.state ?? '')
  }

  #addOpening(position: number, state: string): void {
    const columns = parseState(state)
    const authority = Number(columns?.get('authority_number'))
    const crlId = columns?.get('crl_id') ?? undefined
    if (crlId === undefined) return
    const openings = this.#openings.get(authority) ?? []
    this.#openings.set(authority, openings)
    openings.push({ position, crlId })
  }

  async finish(read: Read, problem: AddProblem): Promise<void> {
    for await (const page of rowsOf({ read }, selectRecordedRevocations))
      for (const row of page) this.#compareRow(row, problem)
    for (const key of this.#expected.keys()) {
      const [authority, rest] = key.split(/[:#]/)
      const what = key.includes('#') ? `certificate number ${rest}` : String(rest)
      problem(`the revocation of ${what} by CA number ${authority} was removed`)
    }
  }

  #compareRow(row: Row, problem: AddProblem): void {
    const authority = integerOf(row, 'authority_number')
    const serialNumber = bytesOf(row, 'serial_number')
    const keys = [
      serialKey(authority, serialNumber),
      `${authority}#${integerOf(row, 'certificate_number')}`,
    ]
    const found = keys.flatMap((key) => this.#expected.get(key) ?? [])
    for (const key of keys) this.#expected.delete(key)
    const name = `the revocation of ${Buffer.from(serialNumber).toString('hex')} by CA number ${authority}`
    if (found.length === 0) problem(`${name} was added`)
    if (!found.every((expected) => this.#isSame(row, expected))) problem(`${name} was changed`)
    if (isMoved(row)) problem(`${name} was moved: its number was changed`)
  }

  /**
   * A revocation without a CRL is assigned to the next CRL that its CA opens. The assignment of a revocation to a CRL has no
   * separate leaf.
   */
  #isSame(row: Row, { position, digest, digestOf }: Expected): boolean {
    const openings = this.#openings.get(integerOf(row, 'authority_number')) ?? []
    const opened = openings.find((opening) => opening.position > position)?.crlId
    const isAssigned = row['crl_id'] !== null
    if (isSameHash(digestOf(row), digest)) return isAssigned || opened === undefined
    return (
      isAssigned &&
      String(row['crl_id']) === opened &&
      isSameHash(digestOf({ ...row, crl_id: null }), digest)
    )
  }
}

/**
 * Returns whether a revocation's number differs from its certificate's number. A revocation with a different number has no
 * effect.
 */
function isMoved(row: Row): boolean {
  const number = integerOf(row, 'certificate_number')
  if (row['issued_number'] !== null) return row['issued_number'] !== number
  return number < 0 && !isRecoveredNumber(number, bytesOf(row, 'serial_number'))
}

function serialKey(authority: number, serialNumber: Uint8Array): string {
  return `${authority}:${Buffer.from(serialNumber).toString('hex')}`
}
