import { AcmeProblem } from '../problem.ts'
import type { AcmeServices } from '../resource.ts'

/**
 * Counts a new account, or a change of an account's key or contacts, because each adds a leaf to the record. Throws a
 * `rateLimited` problem if too many accounts were created or changed from the address.
 */
export async function requireAccountChange(
  { accountChanges }: Pick<AcmeServices, 'accountChanges'>,
  address: string | undefined,
): Promise<void> {
  const retrySeconds = await accountChanges.count(address)
  if (retrySeconds !== undefined)
    throw new AcmeProblem(
      'rateLimited',
      `Too many accounts were created or changed from this address. Try again in ${retrySeconds} seconds.`,
      { headers: { 'retry-after': String(retrySeconds) } },
    )
}
