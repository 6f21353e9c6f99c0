/** Checks that each certificate and the CRL that it refers to have the same issuer identity (chain/issuer-identity.ts). */
import { supersededIdentities, type IdentifiedCertificate } from '../../chain/issuer-identity.ts'
import { bytesOf, integerOf, textOf } from '../../store/columns.ts'
import type { Row } from '../../store/sql.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { DerError } from '../../x509/der/error.ts'
import { isExpiredAt } from '../../x509/der/time.ts'
import type { Problems } from './problems.ts'

interface Signer extends IdentifiedCertificate {
  /** Number of unexpired certificates from this signer that refer to a CRL. */
  bound: number
  /** Latest expiry of the signer's certificates, in seconds since 1970. */
  lastNotAfter: number
}

/** Receives CA certificates first, followed by the certificates that they signed. */
export class CrlIdentities {
  readonly #byAuthority = new Map<string, Map<number, Signer>>()
  readonly #byNumber = new Map<number, Signer>()
  readonly #now: Date

  constructor(now: Date) {
    this.#now = now
  }

  /** Adds a CA certificate as a signer. CA certificate rows must be added in import order. */
  addAuthorityCertificate(row: Row): void {
    const certificate = parsed(bytesOf(row, 'certificate_der'))
    if (certificate === undefined) return
    const number = integerOf(row, 'authority_certificate_number')
    const identity = integerOf(row, 'issuer_identity')
    const signer = { identity, certificate, bound: 0, lastNotAfter: 0 }
    const id = textOf(row, 'id')
    const others = this.#byAuthority.get(id) ?? new Map<number, Signer>()
    this.#byAuthority.set(id, others.set(number, signer))
    this.#byNumber.set(number, signer)
  }

  addCertificate(row: Row): void {
    if (row['crl_id'] === null) return
    const signer = this.#byNumber.get(Number(row['authority_certificate_number'] ?? 0))
    const notAfter = integerOf(row, 'not_after')
    if (signer === undefined || isExpiredAt(new Date(notAfter * 1000), this.#now)) return
    signer.bound += 1
    signer.lastNotAfter = Math.max(signer.lastNotAfter, notAfter)
  }

  report(problems: Problems): void {
    for (const [id, signers] of this.#byAuthority)
      for (const { bound, lastNotAfter } of supersededIdentities([...signers.values()]))
        if (bound > 0)
          problems.add(
            `${bound} valid certificates from the CA ${id} refer to a CRL with a different issuer or key identifier, because an ` +
              'earlier version of Signet renewed the CA with another subject or subjectKeyIdentifier and kept its CRL; ' +
              `validators cannot check their revocation, so replace them (the last expires ${new Date(lastNotAfter * 1000).toISOString()})`,
          )
  }
}

/** Parses a certificate. Returns undefined for a damaged certificate, because certificates.ts already reports it. */
function parsed(der: Uint8Array): ReturnType<typeof parseCertificate> | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}
