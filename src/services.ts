import type { Clock } from './clock.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import type { Database } from './store/database.ts'
import type { Quotas } from './authority/quotas.ts'
import type { IssuancePolicy } from './issuance/issuance-policy.ts'
import type { PageTokens } from './wire/page-token.ts'

/** What operations and jobs are given. app.ts makes it; a function takes the members it uses. */
export interface Services {
  readonly db: Database
  readonly keys: KeyStore
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly quotas: Quotas
  readonly issuancePolicy: IssuancePolicy
  readonly pageTokens: PageTokens
  /** Tells a job that there may be work for it now. May be lost: the job also looks by itself. */
  readonly wake: (job: string) => void
}
