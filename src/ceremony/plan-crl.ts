/** A ceremony's revocations and its CRL. */
import { reasonCodeOf } from '../authority/revocation-reason.ts'
import { nextCrlNumber, nextUpdateOf } from '../crl/contents.ts'
import { ServiceError } from '../errors.ts'
import { certificatePeriod, type Validity } from '../issuance/validity.ts'
import { dayMilliseconds } from '../text/duration.ts'
import { isoSeconds } from '../text/iso-time.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { RevokedCertificate } from '../x509/revoked-certificates.ts'
import type { RootState } from './root-state.ts'
import type { RevokeAction } from './script/actions.ts'
import type { RevocationRecord } from './transcript.ts'

export interface PlannedRevocation extends RevocationRecord {
  readonly subject: string
}

export interface PlannedCrl {
  readonly crlNumber: number
  readonly expirationDays: number
  readonly nextUpdate: Date
  /** All certificates that the root has revoked. */
  readonly entries: readonly RevokedCertificate[]
}

interface RevocationContext {
  readonly state: RootState | undefined
  readonly now: Date
  readonly problems: string[]
}

export function planRevocation(
  { path, serialNumber: bytes, reason }: RevokeAction,
  { state, now, problems }: RevocationContext,
): PlannedRevocation[] {
  const serialNumber = Buffer.from(bytes).toString('hex')
  const issued = state?.issued.get(serialNumber)
  const earlier = state?.revocations.find((each) => each.serialNumber === serialNumber)
  if (issued === undefined)
    problems.push(
      `${path}.serialNumber: no ceremony of this root has signed a certificate with the serial number ${serialNumber}`,
    )
  else if (earlier !== undefined)
    problems.push(`${path}.serialNumber: ${issued.subject} was revoked ${earlier.revokedAt}`)
  else return [{ serialNumber, reason, revokedAt: isoSeconds(now), subject: issued.subject }]
  return []
}

export function planCrl(
  validity: Validity | undefined,
  {
    root,
    revocations,
    state,
    now,
    problems,
  }: RevocationContext & {
    readonly root: { readonly certificate: Certificate }
    readonly revocations: readonly PlannedRevocation[]
  },
): PlannedCrl | undefined {
  if (validity === undefined) return undefined
  const notAfter = endOf(validity, now, problems)
  if (notAfter === undefined) return undefined
  const expirationDays = (notAfter.getTime() - now.getTime()) / dayMilliseconds
  const nextUpdate = nextUpdateOf({ generatedAt: now, expirationDays })
  if (nextUpdate > root.certificate.notAfter)
    problems.push(
      `the CRL would be valid until ${isoSeconds(nextUpdate)}, but the root expires ${isoSeconds(root.certificate.notAfter)}`,
    )
  return {
    crlNumber: nextCrlNumber(now, state?.crlNumber ?? 0),
    expirationDays,
    nextUpdate,
    entries: [...(state?.revocations ?? []), ...revocations].map(entryOf),
  }
}

function endOf(validity: Validity, now: Date, problems: string[]): Date | undefined {
  try {
    return certificatePeriod({ validity }, now).notAfter
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    problems.push(`the validity period of the CRL: ${error.message}`)
    return undefined
  }
}

function entryOf({ serialNumber, reason, revokedAt }: RevocationRecord): RevokedCertificate {
  return {
    serialNumber: Buffer.from(serialNumber, 'hex'),
    revocationDate: new Date(revokedAt),
    reasonCode: reasonCodeOf(reason),
  }
}
