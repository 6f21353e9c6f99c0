import type { Authority } from '../../authority/authority.ts'
import type { Caller } from '../../identity/caller.ts'
import { requireState, type LifeCycleEvent } from '../../authority/life-cycle.ts'
import { statusAt, type AuthorityView } from '../../authority/status.ts'
import { invalidArn, resourceNotFound } from '../../errors.ts'
import type { Services } from '../../services.ts'
import type { ScopedCaller } from './operation.ts'
import { findAuthority } from '../../store/authorities.ts'
import { parseCertificateAuthorityArn, type CertificateAuthorityName } from '../../wire/arn.ts'

/**
 * Returns the CA with the given ARN if its state permits `event`; otherwise throws the error from the life-cycle table. Throws
 * InvalidArnException for an ARN with another resource type, and ResourceNotFoundException if the account has no such CA or the
 * CA has been permanently deleted.
 */
export async function requireAuthority(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  caller: Caller,
  { arn, event }: { readonly arn: string; readonly event: LifeCycleEvent },
): Promise<AuthorityView> {
  const view = await readAuthority({ db, clock }, caller, arn)
  requireState(event, view.status, { arn, type: view.authority.type })
  return view
}

async function readAuthority(
  { db, clock }: Pick<Services, 'db' | 'clock'>,
  caller: Caller,
  arn: string,
): Promise<AuthorityView> {
  const name = parseCertificateAuthorityArn(arn)
  if (name === undefined) throw invalidArn(`${arn} is not the ARN of a certificate authority`)
  const authority = await findAuthority(db, name.id)
  const now = clock.now()
  const status = authority === undefined ? undefined : statusAt(authority, now)
  if (authority === undefined || status === undefined || !isNamed(authority, name, caller))
    throw resourceNotFound(`Could not find certificate authority ${arn}.`)
  return { authority, arn, status, now }
}

/**
 * Returns the CAs to hide from the caller. Throws if `hiddenAuthorities` is absent, because otherwise the caller would see
 * every CA.
 */
export async function requireHiddenAuthorities({
  hiddenAuthorities,
}: ScopedCaller): Promise<ReadonlySet<number>> {
  if (hiddenAuthorities === undefined)
    throw new Error('a call about the whole account needs hiddenAuthorities')
  return hiddenAuthorities()
}

/** Returns whether the CA is in the account that its ARN contains, and in the partition and Region of the request. */
function isNamed(authority: Authority, name: CertificateAuthorityName, caller: Caller): boolean {
  return (
    authority.accountId === name.accountId &&
    authority.region === caller.region &&
    authority.partition === caller.partition
  )
}
