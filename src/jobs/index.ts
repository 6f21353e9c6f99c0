import { announceExpiry } from './announce-expiry.ts'
import { checkCrlIssuers } from './check-crl-issuers.ts'
import { createDeleteExpired } from './delete-expired.ts'
import { createDeliverEvents } from './deliver-events.ts'
import { eraseAuthorities } from './erase-authorities.ts'
import { indexCertificates } from './index-certificates.ts'
import { finishCreation } from './finish-creation.ts'
import { forgetTokens } from './forget-tokens.ts'
import { publishCrls } from './publish-crls.ts'
import { recordKeyUses } from './record-key-uses.ts'
import type { Job } from './scheduler/scheduler.ts'
import { writeAuditReports } from './write-audit-reports.ts'

/** Every job of the server; events are delivered if there is a webhook, and expired certificates deleted if `keepExpiredSeconds` is set. */
export function createJobs({
  eventWebhook,
  keepExpiredSeconds,
}: {
  readonly eventWebhook: string | undefined
  readonly keepExpiredSeconds: number | undefined
}): Job[] {
  return [
    finishCreation,
    publishCrls,
    writeAuditReports,
    announceExpiry,
    checkCrlIssuers,
    eraseAuthorities,
    forgetTokens,
    recordKeyUses,
    indexCertificates,
    ...(keepExpiredSeconds === undefined ? [] : [createDeleteExpired(keepExpiredSeconds)]),
    ...(eventWebhook === undefined ? [] : [createDeliverEvents(eventWebhook)]),
  ]
}
