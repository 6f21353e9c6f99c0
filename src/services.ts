import type { KeyUses } from './access/key-uses.ts'
import type { KeyStorageSecurityStandard } from './authority/key-storage.ts'
import type { Quotas } from './authority/quotas.ts'
import type { RevocationPolicy } from './authority/revocation-configuration.ts'
import type { BulkWork } from './bulk/bulk-work.ts'
import type { Clock } from './clock.ts'
import type { Events } from './telemetry/events.ts'
import type { IssuancePolicy } from './issuance/issuance-policy.ts'
import type { JobName } from './jobs/scheduler/job-names.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { OcspBatches } from './ledger/ocsp-batches.ts'
import type { Log } from './telemetry/log.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { ObjectStore } from './objects/object-store.ts'
import type { ServerInfo } from './operations/server/server-info.ts'
import type { OcspService } from './ocsp/response.ts'
import type { ResponseWriter } from './ocsp/response-writer.ts'
import type { Random } from './random.ts'
import type { Database } from './store/database.ts'
import type { PageTokens } from './wire/page-token.ts'

/**
 * The services that operations and jobs use, which server/create-services.ts creates. Each function declares only the
 * members that it uses.
 */
export interface Services {
  readonly db: Database
  readonly keys: KeyStore
  /** Key storage standards that CreateCertificateAuthority offers; if undefined, AWS's standards, regardless of the key store. */
  readonly keyStorageStandards: readonly KeyStorageSecurityStandard[] | undefined
  readonly objects: ObjectStore
  readonly bulk: BulkWork
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly events: Events
  /** The tamper-evident record. */
  readonly ledger: Ledger
  readonly ocsp: OcspService
  /** Signed OCSP responses whose leaves have not been written to the record yet. */
  readonly ocspBatches: OcspBatches
  /** A store of signed OCSP responses, which are sent while keys are unavailable. */
  readonly ocspResponses: ResponseWriter
  readonly quotas: Quotas
  readonly issuancePolicy: IssuancePolicy
  readonly revocationPolicy: RevocationPolicy
  readonly pageTokens: PageTokens
  /** The times at which access keys were last used. */
  readonly keyUses: KeyUses
  /** URL of the public listener for use in certificates: absolute, without a trailing slash. */
  readonly publicUrl: string
  readonly server: ServerInfo
  /** Wakes a job that may have work to do. A wake-up may be lost without harm, because jobs also check for work periodically. */
  readonly wake: (job: JobName) => void
}
