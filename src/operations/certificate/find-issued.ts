import { ServiceError } from '../../errors.ts'
import type { AuthorityView } from '../../authority/status.ts'
import { decideWaiting } from '../../issuance/waiting-certificate.ts'
import { findIntentState } from '../../store/certificate-intents.ts'
import type { Database } from '../../store/database.ts'

/**
 * Finds an issued certificate by calling `find`. Throws RequestInProgressException while the certificate waits for its CA's key,
 * and RequestFailedException if the certificate will not be issued.
 */
export async function findIssued<Found>(
  db: Database,
  { view, serialNumber }: { readonly view: AuthorityView; readonly serialNumber: Uint8Array },
  find: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const found = await find()
  if (found !== undefined) return found
  const { authority, status, now } = view
  const intent = await findIntentState(db, authority.number, serialNumber)
  // The certificate may have been issued between the two reads.
  if (intent === undefined) return find()
  const decision = decideWaiting(intent, status, now)
  const computed = decision.state === 'failed' ? decision.reason : undefined
  const reason = intent.failureReason ?? computed
  if (reason !== undefined) throw new ServiceError('RequestFailedException', reason)
  throw new ServiceError(
    'RequestInProgressException',
    'The certificate has not been issued yet, because the key of its certificate authority is not available. Try again later.',
  )
}
