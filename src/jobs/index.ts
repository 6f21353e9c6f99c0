import { announceExpiry } from './announce-expiry.ts'
import { checkCrlIssuers } from './check-crl-issuers.ts'
import { createDeleteExpired } from './delete-expired.ts'
import { createDeliverEvents } from './deliver-events.ts'
import { eraseAuthorities } from './erase-authorities.ts'
import { indexCertificates } from './index-certificates.ts'
import { finishCreation } from './finish-creation.ts'
import { finishIssuance } from './finish-issuance.ts'
import { forgetTokens } from './forget-tokens.ts'
import { publishCrls } from './publish-crls.ts'
import { recordKeyUses } from './record-key-uses.ts'
import type { JobName } from './scheduler/job-names.ts'
import type { Job } from './scheduler/scheduler.ts'
import { sealRecord } from './seal-record.ts'
import { writeAuditReports } from './write-audit-reports.ts'

/**
 * Creates the background jobs in the order of `signet jobs list`. `deliver-events` is included only with a webhook, and
 * `delete-expired` only with `keepExpiredSeconds`.
 */
export function createJobs({
  eventWebhook,
  keepExpiredSeconds,
}: {
  readonly eventWebhook: string | undefined
  readonly keepExpiredSeconds: number | undefined
}): Job[] {
  const jobs: { readonly [N in JobName]: Job<N> | undefined } = {
    'finish-creation': finishCreation,
    'finish-issuance': finishIssuance,
    'publish-crls': publishCrls,
    'write-audit-reports': writeAuditReports,
    'announce-expiry': announceExpiry,
    'check-crl-issuers': checkCrlIssuers,
    'erase-authorities': eraseAuthorities,
    'forget-tokens': forgetTokens,
    'record-key-uses': recordKeyUses,
    'index-certificates': indexCertificates,
    'seal-record': sealRecord,
    'delete-expired':
      keepExpiredSeconds === undefined ? undefined : createDeleteExpired(keepExpiredSeconds),
    'deliver-events': eventWebhook === undefined ? undefined : createDeliverEvents(eventWebhook),
  }
  return Object.values(jobs).filter((job) => job !== undefined)
}
