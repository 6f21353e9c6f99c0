import { AcmeProblem } from '../problem.ts'
import type { AcmeServices } from '../resource.ts'

/** Counts a new key of an account. Throws a `rateLimited` problem if its address has sent too many. */
export async function requireNewKey(
  { newKeys }: Pick<AcmeServices, 'newKeys'>,
  address: string | undefined,
): Promise<void> {
  const retrySeconds = await newKeys.count(address)
  if (retrySeconds !== undefined)
    throw new AcmeProblem(
      'rateLimited',
      `Too many new accounts and account keys were requested from this address. Try again in ${retrySeconds} seconds.`,
      { headers: { 'retry-after': String(retrySeconds) } },
    )
}
