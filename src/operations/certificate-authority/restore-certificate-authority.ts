import { recorded } from '../../store/recorded-states.ts'
import { restoreAuthority } from '../../store/authority-changes.ts'
import { markAllCrlsDue } from '../../store/crls.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changedTooOften } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

/** Restores a deleted CA during its restoration period (AWS Private CA API, RestoreCertificateAuthority). */
export const restoreCertificateAuthority = operation({
  name: 'RestoreCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    // AWS's API model does not list ConcurrentModificationException for RestoreCertificateAuthority.
    'ConcurrentModificationException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const lookup = { arn: input.CertificateAuthorityArn, event: 'restore' } as const
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { authority, now } = await requireAuthority(services, caller, lookup)
      const statements = recorded(
        [restoreAuthority(authority, now), markAllCrlsDue(authority, now)],
        { time: now, actor: { principal: caller.arn }, authority: authority.number },
      )
      if (await isDone(services.db, statements)) return
    }
    throw changedTooOften()
  },
})

/** Maximum number of attempts if the restoration conflicts with other changes to the CA. */
const attemptsMax = 5

/**
 * Commits the SQL statements. Resolves to false if the CA has changed since it was read; the caller must then read the CA again.
 */
async function isDone(db: Database, statements: readonly Sql[]): Promise<boolean> {
  try {
    await db.transaction(statements)
    return true
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
}
