/** The actions in a ceremony script: signatures, revocations and a CRL. */
import { revocationReasons, type RevocationReason } from '../../authority/revocation-reason.ts'
import type { Validity } from '../../issuance/validity.ts'
import { parseCertificateSerial } from '../../x509/serial-number-text.ts'
import { readSignedContent, type SignedContent } from './signed-content.ts'
import type { ScriptMembers } from './members.ts'
import { readSha256, readValidity } from './values.ts'

export interface SignAction extends SignedContent {
  /** Path of the action within the script, for error messages. */
  readonly path: string
  /** File name of the certificate, without `.pem`. */
  readonly name: string
  /** Name of the CSR file in the script's folder. */
  readonly csr: string
  /** SHA-256 of the CSR file, in lower-case hexadecimal; undefined only while the script is being written. */
  readonly csrSha256: string | undefined
  readonly validity: Validity
}

export interface RevokeAction {
  readonly path: string
  /** Serial number of 16 bytes. */
  readonly serialNumber: Uint8Array
  readonly reason: RevocationReason
}

export interface ScriptActions {
  readonly sign: readonly SignAction[]
  readonly revoke: readonly RevokeAction[]
  /** Validity of the CRL; undefined if the ceremony issues no CRL. */
  readonly crl: Validity | undefined
  /** Whether the script has a `crl` action, even if it is invalid. */
  readonly hasCrl: boolean
}

const actionsMax = 100

export function readActions(members: ScriptMembers): ScriptActions {
  if (members.required('actions') === undefined)
    return { sign: [], revoke: [], crl: undefined, hasCrl: false }
  const elements = members.list('actions', actionsMax)
  if (elements.length === 0) members.report('actions', 'must have at least one action')
  const sign: SignAction[] = []
  const revoke: RevokeAction[] = []
  const crls: (Validity | undefined)[] = []
  for (const [index, element] of elements.entries()) {
    const path = `actions[${index}]`
    const kind = kindOf(element)
    if (kind === undefined) members.report(path, 'must have the member action: sign, revoke or crl')
    const action = kind && members.element(element, { path, names: actionMembers[kind] })
    if (action === undefined) continue
    if (kind === 'sign') sign.push(...readSign(action))
    else if (kind === 'revoke') revoke.push(...readRevoke(action))
    else crls.push(readValidity(action))
  }
  if (crls.length > 1) members.report('actions', 'must have at most one crl action')
  reportRepeated(
    members,
    'the name',
    sign.map(({ name }) => name),
  )
  reportRepeated(members, 'the serial number', revoke.map(serialOf))
  return { sign, revoke, crl: crls[0], hasCrl: crls.length > 0 }
}

function serialOf({ serialNumber }: RevokeAction): string {
  return Buffer.from(serialNumber).toString('hex')
}

const actionMembers = {
  sign: [
    'action',
    'name',
    'csr',
    'csrSha256',
    'template',
    'validity',
    'apiPassthrough',
    'nameConstraints',
  ],
  revoke: ['action', 'serialNumber', 'reason'],
  crl: ['action', 'validity'],
} as const

function kindOf(element: unknown): keyof typeof actionMembers | undefined {
  const kind = (element as { readonly action?: unknown } | null)?.action
  return kind === 'sign' || kind === 'revoke' || kind === 'crl' ? kind : undefined
}

function reportRepeated(members: ScriptMembers, what: string, values: readonly string[]): void {
  const repeated = values.find((value, index) => values.indexOf(value) < index)
  if (repeated !== undefined) members.report('actions', `must not have ${what} ${repeated} twice`)
}

const nameForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** File names that are reserved for other files of the ceremony. */
const reservedNames = ['root', 'transcript', 'script']
const fileForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

function readSign(action: ScriptMembers): SignAction[] {
  const name = action.converted(
    'name',
    (text) => (nameForm.test(text) && !reservedNames.includes(text) ? text : undefined),
    `a file name without an extension, with lower-case letters, digits and hyphens, other than ${reservedNames.join(', ')}`,
  )
  const csr = action.converted(
    'csr',
    (text) => (fileForm.test(text) ? text : undefined),
    "the name of a file in the script's folder, with letters, digits, dots, underscores and hyphens",
  )
  const csrSha256 = action.has('csrSha256') ? readSha256(action, 'csrSha256') : undefined
  const content = readSignedContent(action)
  const validity = readValidity(action)
  if (!name || !csr || !content || !validity) return []
  return [{ path: action.path, name, csr, csrSha256, ...content, validity }]
}

function readRevoke(action: ScriptMembers): RevokeAction[] {
  const serialNumber = action.converted(
    'serialNumber',
    (text) => {
      const parsed = parseCertificateSerial(text)
      return parsed === 'unknown' ? undefined : parsed
    },
    'a serial number in hex of at most 16 bytes, as signet inspect prints it',
  )
  const reason = action.choice('reason', revocationReasons)
  return serialNumber && reason ? [{ path: action.path, serialNumber, reason }] : []
}
