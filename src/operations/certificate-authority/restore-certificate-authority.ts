import { restoreAuthority } from '../../store/authorities.ts'
import { markAllCrlsDue } from '../../store/crls.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import type { Sql } from '../../store/sql.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changedTooOften } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

/**
 * Takes back the deletion of a CA while its restoration period lasts
 * (AWS Private CA API, RestoreCertificateAuthority).
 */
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
    // Not in AWS's model.
    'ConcurrentModificationException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const lookup = { arn: input.CertificateAuthorityArn, event: 'restore' } as const
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { authority, now } = await requireAuthority(services, caller, lookup)
      const statements = [restoreAuthority(authority, now), markAllCrlsDue(authority, now)]
      if (await isDone(services.db, statements)) return
    }
    throw changedTooOften()
  },
})

/** How often a restoration is begun again. */
const attemptsMax = 5

/** False if the CA was changed since it was read: who looks again sees what it is now. */
async function isDone(db: Database, statements: readonly Sql[]): Promise<boolean> {
  try {
    await db.transaction(statements)
    return true
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
}
