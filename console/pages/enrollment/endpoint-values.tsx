/** Components for values of enrollment endpoints, accounts, orders and secrets. */
import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'
import type { AcmeAccount, AcmeOrder, EnrollmentEndpoint } from '../../api/types.ts'
import { enumText } from '../../widgets/format.ts'
import { ForeignText } from '../../widgets/values.tsx'

const accountStates: Readonly<Record<AcmeAccount['Status'], StatusIndicatorProps.Type>> = {
  VALID: 'success',
  DEACTIVATED: 'stopped',
  REVOKED: 'stopped',
}

const orderStates: Readonly<Record<AcmeOrder['Status'], StatusIndicatorProps.Type>> = {
  PENDING: 'pending',
  READY: 'info',
  PROCESSING: 'in-progress',
  VALID: 'success',
  INVALID: 'error',
}

export const orderStatuses = Object.keys(orderStates)

export function AccountState({ status }: { readonly status: AcmeAccount['Status'] }): ReactNode {
  return <StatusIndicator type={accountStates[status]}>{enumText(status)}</StatusIndicator>
}

export function OrderState({ status }: { readonly status: AcmeOrder['Status'] }): ReactNode {
  return <StatusIndicator type={orderStates[status]}>{enumText(status)}</StatusIndicator>
}

/** The state of an EAB key or a one-time password. */
export function UseState({
  secret: { Usable, UsedAt },
}: {
  readonly secret: { readonly Usable: boolean; readonly UsedAt?: number | undefined }
}): ReactNode {
  if (Usable) return <StatusIndicator type="success">Usable</StatusIndicator>
  return (
    <StatusIndicator type="stopped">{UsedAt === undefined ? 'Expired' : 'Used'}</StatusIndicator>
  )
}

const namesShown = 5

/** A list of names or patterns, one per line. */
export function NameList({
  names,
  empty,
}: {
  readonly names: readonly string[]
  /** Text shown for an empty list. */
  readonly empty: string
}): ReactNode {
  const [first, ...others] = names
  if (first === undefined) return empty
  if (others.length === 0) return <ForeignText text={first} />
  return (
    <ul className="names">
      {names.slice(0, namesShown).map((name) => (
        <li key={name}>
          <ForeignText text={name} />
        </li>
      ))}
      {names.length > namesShown && <li>and {names.length - namesShown} more</li>}
    </ul>
  )
}

export const bindingWords = { REQUIRED: 'Required', OPTIONAL: 'Optional', OFF: 'Off' } as const

export const credentialTexts = {
  EITHER: 'Client certificate or one-time password',
  CERTIFICATE: 'Client certificate',
  PASSWORD: 'One-time password',
  BOTH: 'Client certificate and one-time password',
} as const

/** Returns how an endpoint's clients authenticate, or how they prove control of their names. */
export function authenticationText(endpoint: EnrollmentEndpoint): string {
  const { Challenges = [], ExternalAccountBinding: binding, Authentication } = endpoint
  if (endpoint.Protocol === 'EST') return credentialTexts[Authentication ?? 'EITHER']
  const challenges = Challenges.length === 0 ? 'No challenges' : Challenges.join(', ')
  return `${challenges}; EAB ${bindingWords[binding ?? 'OFF'].toLowerCase()}`
}
