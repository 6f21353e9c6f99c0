/** Texts that describe entries in the record. */
import type { RecordEntry, RecordEntryKind } from '../../api/types.ts'
import { principalName } from '../../widgets/format.ts'

export const kindNames: Readonly<Record<RecordEntryKind, string>> = {
  certificate: 'Certificate issued',
  revocation: 'Certificate revoked',
  crl: 'CRL published',
  'ocsp-responses': 'OCSP responses signed',
  change: 'Change',
  removal: 'Removal',
  baseline: 'Existing row',
  event: 'Event',
  retirement: 'Expired certificate deleted',
}

const tableNames: Readonly<Record<string, string>> = {
  accounts: 'Account',
  users: 'User',
  roles: 'Role',
  identity_policies: 'Policy of a user or role',
  identity_providers: 'Identity provider',
  access_keys: 'Access key',
  keys: 'Key',
  token_keys: 'Key in a token',
  authorities: 'CA',
  authority_certificates: 'CA certificate',
  certificate_intents: 'Waiting certificate',
  tags: 'Tag',
  resource_policies: 'Policy of a CA',
  shares: 'Share',
  share_authorities: 'CA in a share',
  crls: 'CRL',
  permissions: 'Permission',
  approval_policies: 'Approval policy',
  approvals: 'Approval',
  certificates: 'Certificates',
  revocations: 'Revocations',
  retired_certificates: 'Deleted certificates',
  enrollment_endpoints: 'Endpoint for enrollment',
  acme_accounts: 'ACME account',
  acme_binding_keys: 'EAB key',
  est_passwords: 'EST password',
}

/** Returns a description of the event, such as "User changed". */
export function kindText({ Kind, Table }: Pick<RecordEntry, 'Kind' | 'Table'>): string {
  if (Kind === undefined) return 'Altered entry'
  const table = Table === undefined ? undefined : (tableNames[Table] ?? Table)
  if (table === undefined) return Kind === 'baseline' ? 'Start of the record' : kindNames[Kind]
  if (Kind === 'change') return `${table} changed`
  return Kind === 'baseline' ? `${table} at the start of the record` : kindNames[Kind]
}

/** Returns who caused an entry, such as "user/alice" or "root (sudo by alice)". */
export function actorText(entry: RecordEntry): string {
  const { Principal, OperatingSystemUser: user, SudoUser: sudo } = entry
  if (Principal !== undefined) return principalName(Principal)
  if (user === undefined) return '–'
  return sudo === undefined ? user : `${user} (sudo by ${sudo})`
}

/** Returns the object that an entry describes: a serial number, a row's key, or an event's name. */
export function objectText({ SerialNumber, Key, Detail, Command, Table }: RecordEntry): string {
  if (SerialNumber !== undefined) return SerialNumber
  if (Table !== undefined && Key !== undefined) return keyText(Key)
  if (Detail !== undefined) return detailText(Detail)
  return Command ?? '–'
}

function keyText(key: string): string {
  const values = parsed(key)
  return Array.isArray(values) ? values.map(String).join(' / ') : key
}

function detailText(detail: string): string {
  const members = parsed(detail)
  if (typeof members !== 'object' || members === null) return detail
  const { event, responses } = members as Readonly<Record<string, unknown>>
  if (typeof event === 'string') return event.replaceAll('-', ' ')
  if (typeof responses === 'number')
    return responses === 1 ? '1 response' : `${responses} responses`
  return '–'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
