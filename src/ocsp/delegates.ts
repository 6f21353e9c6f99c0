/**
 * OCSP signing certificates (RFC 6960 §4.2.2.2). A local key signs a CA's responses. The CA's key, which may be in an HSM, is
 * therefore used only every day or two. The local key exists only in the process's memory.
 */
import type { Authority } from '../authority/authority.ts'
import type { Services } from '../services.ts'
import { delegateState, renewalLead } from './delegate-life.ts'
import { issueDelegate, type Delegate } from './issue-delegate.ts'

export interface Delegates {
  /** Returns a CA's delegate; undefined if the CA has none and must sign its responses itself. */
  find(authority: Authority): Promise<Delegate | undefined>
  /** Returns a CA's delegate if this process has already issued the delegate's certificate. */
  current(authority: Authority): Delegate | undefined
}

/** Time between two attempts to issue a delegate's certificate for a CA. */
const retryMilliseconds = 60_000

interface Slot {
  delegate: Delegate | undefined
  renewal: Promise<void> | undefined
  /** Earliest time of the next attempt to issue the delegate's certificate. */
  retryAt: number
}

interface DelegateOptions {
  /**
   * Maximum number of CAs with a delegate, because the delegates' keys are kept in memory. All other CAs sign their
   * responses themselves.
   */
  readonly delegatesMax?: number
  /** Maximum number of delegate certificates that are issued concurrently. */
  readonly renewalsMax?: number
  readonly issue?: typeof issueDelegate
}

/** A slot is needed while its certificate is valid or is being renewed, or while the CA must wait before the next attempt. */
function isNeeded({ delegate, renewal, retryAt }: Slot, now: Date): boolean {
  if (renewal !== undefined) return true
  return delegate === undefined ? retryAt > now.getTime() : delegate.certificate.notAfter > now
}

/** A CA for short-lived certificates cannot issue a certificate with a long enough validity. */
export function canDelegate({ usageMode }: Pick<Authority, 'usageMode'>): boolean {
  return usageMode !== 'SHORT_LIVED_CERTIFICATE'
}

function slotName({ id, certificate }: Authority): string {
  return `${id} ${certificate?.number}`
}

/** If the clock was set back, the time of the next attempt may be far in the future. */
function mayRenew({ renewal, retryAt }: Slot, now: Date): boolean {
  const wait = retryAt - now.getTime()
  return renewal === undefined && (wait <= 0 || wait > retryMilliseconds)
}

/**
 * Creates delegates that are issued when they are first needed, and renewed before they expire. A delegate is not evicted while
 * its certificate is valid, because each eviction would require another certificate.
 */
export function createDelegates(
  services: Services,
  { delegatesMax = 1000, renewalsMax = 4, issue = issueDelegate }: DelegateOptions = {},
): Delegates {
  const { clock, log, revocationPolicy } = services
  const validitySeconds = revocationPolicy.ocspValiditySeconds
  const slots = new Map<string, Slot>()
  let renewals = 0
  let isFull = false

  function makeRoom(): void {
    for (const [name, slot] of slots) if (!isNeeded(slot, clock.now())) slots.delete(name)
    const wasFull = isFull
    isFull = slots.size >= delegatesMax
    if (isFull && !wasFull)
      log.warn(
        { delegatesMax },
        'the limit on OCSP signing certificates is reached; further CAs sign OCSP responses with their own keys',
      )
  }

  function slotOf(authority: Authority): Slot | undefined {
    const name = slotName(authority)
    const known = slots.get(name)
    if (known !== undefined) return known
    if (slots.size >= delegatesMax) makeRoom()
    if (slots.size >= delegatesMax) return undefined
    const slot = { delegate: undefined, renewal: undefined, retryAt: 0 }
    slots.set(name, slot)
    return slot
  }

  function stateOf({ delegate }: Slot, { id, certificate }: Authority) {
    const now = clock.now()
    const caNotAfter = certificate?.notAfter ?? now
    const leadMilliseconds = renewalLead(id)
    const times = { now, validitySeconds, caNotAfter, leadMilliseconds }
    return delegateState(delegate?.certificate, times)
  }

  async function renew(slot: Slot, authority: Authority): Promise<void> {
    slot.retryAt = clock.now().getTime() + retryMilliseconds
    renewals += 1
    try {
      slot.delegate = await issue(services, authority)
      const { notAfter } = slot.delegate.certificate
      log.info({ authority: authority.id, notAfter }, 'an OCSP signing certificate was issued')
    } catch (error) {
      log.warn({ authority: authority.id, err: error }, 'cannot issue an OCSP signing certificate')
    } finally {
      slot.renewal = undefined
      renewals -= 1
    }
  }

  return {
    async find(authority) {
      if (!canDelegate(authority)) return undefined
      const slot = slotOf(authority)
      if (slot === undefined) return undefined
      const state = stateOf(slot, authority)
      if (state === 'fresh') return slot.delegate
      if (renewals < renewalsMax && mayRenew(slot, clock.now()))
        slot.renewal = renew(slot, authority)
      // A delegate that is due for renewal keeps signing responses while its successor is issued.
      if (state === 'unusable') await slot.renewal
      return stateOf(slot, authority) === 'unusable' ? undefined : slot.delegate
    },
    current: (authority) => slots.get(slotName(authority))?.delegate,
  }
}
