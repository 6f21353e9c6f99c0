/** Stores a certificate, or the intent to sign it later, and all related rows in a single transaction. */
import type { CurrentCrl } from '../../authority/authority.ts'
import type { AuthorityView } from '../../authority/status.ts'
import { bindStatements } from '../../crl/current-crl.ts'
import { serviceOf, type Caller } from '../../identity/caller.ts'
import type { AcceptedCsr } from '../../issuance/accept-csr.ts'
import type { Passthrough } from '../../issuance/passthrough.ts'
import type { PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import type { Template } from '../../issuance/templates.ts'
import { waitingCertificatesMax } from '../../issuance/waiting-certificate.ts'
import type { KeyOutage } from '../../keys/key-outage.ts'
import type { Services } from '../../services.ts'
import { insertIntent } from '../../store/certificate-intents.ts'
import { countCertificate, insertCertificate } from '../../store/certificates.ts'
import { ConflictError } from '../../store/database.ts'
import type { ScopedToken } from '../../store/idempotency-tokens.ts'
import { recorded } from '../../store/recorded-states.ts'
import type { Sql } from '../../store/sql.ts'
import { certificateArn } from '../../wire/arn.ts'
import { commitOnce } from '../shared/idempotency.ts'
import { warnOfMissingNames } from './issuance-warnings.ts'

/** A certificate that was prepared from a snapshot of its CA, together with its request. */
export interface Issuance {
  readonly caller: Caller
  readonly token: ScopedToken | undefined
  readonly template: Template
  readonly passthrough: Passthrough
  readonly csr: AcceptedCsr
  readonly view: AuthorityView
  /** The CRL that would list the certificate; undefined if the CA publishes no CRLs. */
  readonly crl: CurrentCrl | undefined
  readonly prepared: PreparedCertificate
  readonly alongside?: Alongside | undefined
}

/** Returns SQL statements to commit with a certificate, or with the intent to sign it later. */
export type Alongside = (
  certificate: Pick<PreparedCertificate, 'serialNumber' | 'notAfter'>,
  state: 'issued' | 'waiting',
) => readonly Sql[]

/** SQL statements that mark the request's approval as used. */
interface Approved {
  readonly approved: readonly Sql[]
}

/**
 * Stores the signed certificate. Returns the ARN of the certificate, or of an earlier certificate that was requested with the
 * same token. Throws ConflictError if the CA has changed.
 */
export async function storeCertificate(
  services: Services,
  issuance: Issuance & Approved,
  certificateDer: Uint8Array,
): Promise<string> {
  const { authority, arn, now } = issuance.view
  const newArn = certificateArn(arn, issuance.prepared.serialNumber)
  const record = { ...columnsOf(issuance), certificateDer, issuedAt: now }
  const event = services.events.prepare({
    type: 'ACM Private CA Certificate Issuance',
    authority,
    time: now,
    resources: [arn, newArn],
    detail: { result: 'success' },
  })
  const statements = [
    ...reservations(services, issuance),
    ...insertCertificate(authority, record),
    ...(issuance.alongside?.(issuance.prepared, 'issued') ?? []),
    ...event.statements,
  ]
  const onCommit = (): void => {
    services.metrics.certificateIssued()
    event.publish()
  }
  return commit(services, issuance, { arn: newArn, statements, onCommit })
}

/**
 * Stores the intent to sign the certificate later. Returns the same ARN as storeCertificate. Throws `outage` if too many of the
 * CA's certificates are waiting for its key.
 */
export async function storeIntent(
  services: Services,
  issuance: Issuance & Approved,
  outage: KeyOutage,
): Promise<string> {
  const { view, prepared } = issuance
  const { tbsCertificateDer, signingAlgorithm } = prepared
  const intent = {
    ...columnsOf(issuance),
    authorityNumber: view.authority.number,
    tbsCertificateDer,
    signingAlgorithm,
    requestedAt: view.now,
  }
  const newArn = certificateArn(view.arn, prepared.serialNumber)
  const statements = [
    ...reservations(services, issuance),
    ...recorded([insertIntent(intent, waitingCertificatesMax)], contextOf(issuance)),
    ...(issuance.alongside?.(prepared, 'waiting') ?? []),
  ]
  try {
    const onCommit = (): void => services.wake('finish-issuance')
    return await commit(services, issuance, { arn: newArn, statements, onCommit })
  } catch (error) {
    if (error instanceof ConflictError && error.guard === 'waiting') throw outage
    throw error
  }
}

/** Commits the approval and the SQL statements under the idempotency token, unless the token has been used before. */
async function commit(
  services: Services,
  issuance: Issuance & Approved,
  {
    arn,
    statements,
    onCommit,
  }: {
    readonly arn: string
    readonly statements: readonly Sql[]
    readonly onCommit: () => void
  },
): Promise<string> {
  const { caller, token, view, approved } = issuance
  const storedArn = await commitOnce(services, token, {
    arn,
    now: view.now,
    statements: [...recorded(approved, contextOf(issuance)), ...statements],
  })
  if (storedArn !== arn) return storedArn
  warnOfMissingNames(services, { ...issuance, certificateArn: arn, requesterArn: caller.arn })
  onCommit()
  return arn
}

/** Returns SQL statements that count the certificate against the quota and assign it to its CRL. */
function reservations(
  { quotas }: Pick<Services, 'quotas'>,
  { view, crl, prepared: { issuerDer, notAfter } }: Issuance,
): Sql[] {
  return [
    countCertificate(view.authority, quotas.certificatesPerAuthority),
    ...bindStatements(crl, { issuerOctets: issuerDer.length, notAfter }),
  ]
}

/** Returns the columns that a certificate and an intent have in common. */
function columnsOf({ caller, template, view, crl, prepared }: Issuance) {
  const { serialNumber, notAfter, templateName } = prepared
  return {
    serialNumber,
    templateName,
    notAfter,
    signerNumber: template.kind === 'root' ? undefined : view.authority.certificate?.number,
    crlId: crl?.id,
    requesterAccountId: caller.accountId,
    requesterService: serviceOf(caller),
    requesterArn: caller.arn,
  }
}

function contextOf({ caller, view: { authority, now } }: Issuance) {
  return { time: now, actor: { principal: caller.arn }, authority: authority.number }
}
