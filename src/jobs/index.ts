import { announceExpiry } from './announce-expiry.ts'
import { checkCrlIssuers } from './check-crl-issuers.ts'
import { createDeleteExpired } from './delete-expired.ts'
import { createDeliverEvents } from './deliver-events.ts'
import { eraseAuthorities } from './erase-authorities.ts'
import { indexCertificates } from './index-certificates.ts'
import { finishCreation } from './finish-creation.ts'
import { finishIssuance } from './finish-issuance.ts'
import { forgetEnrollments } from './forget-enrollments.ts'
import { forgetTokens } from './forget-tokens.ts'
import { publishCrls } from './publish-crls.ts'
import { recordKeyUses } from './record-key-uses.ts'
import { jobNames, type JobName } from './scheduler/job-names.ts'
import type { Job } from './scheduler/scheduler.ts'
import { sealRecord } from './seal-record.ts'
import { createValidateChallenges } from './validate-challenges.ts'
import { createValidator, type ValidationOptions } from '../validation/validator.ts'
import { writeAuditReports } from './write-audit-reports.ts'

/**
 * Creates the background jobs. The job `deliver-events` requires a webhook, and `delete-expired` requires `keepExpiredSeconds`.
 * The job `validate-challenges` requires `validation`, which is set if the server serves ACME.
 */
export function createJobs({
  eventWebhook,
  keepExpiredSeconds,
  validation,
}: {
  readonly eventWebhook: string | undefined
  readonly keepExpiredSeconds: number | undefined
  readonly validation: ValidationOptions | undefined
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
    'forget-enrollments': forgetEnrollments,
    'record-key-uses': recordKeyUses,
    'index-certificates': indexCertificates,
    'seal-record': sealRecord,
    'delete-expired':
      keepExpiredSeconds === undefined ? undefined : createDeleteExpired(keepExpiredSeconds),
    'deliver-events': eventWebhook === undefined ? undefined : createDeliverEvents(eventWebhook),
    'validate-challenges':
      validation === undefined ? undefined : createValidateChallenges(createValidator(validation)),
  }
  return jobNames.map((name) => jobs[name]).filter((job) => job !== undefined)
}
