/**
 * The script of a ceremony: a JSON file that people review and whose SHA-256 they confirm, as described in
 * docs/reference/ceremony-script.md.
 */
import {
  offeredKeyAlgorithms,
  requireSigningAlgorithm,
  signingAlgorithms,
} from '../../authority/algorithms.ts'
import type { AuthorityConfiguration } from '../../authority/configuration.ts'
import { asn1Subject, encodeSubject } from '../../authority/subject.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Validity } from '../../issuance/validity.ts'
import { hasDuplicateKeys } from '../../text/json.ts'
import type { Extension } from '../../x509/extensions/extensions.ts'
import { readNameConstraints } from './name-constraints.ts'
import { readActions, type RevokeAction, type ScriptActions, type SignAction } from './actions.ts'
import { isLine, ScriptMembers } from './members.ts'
import { readSha256, readValidity } from './values.ts'

export interface CeremonyScript {
  readonly title: string
  /** Names of the people who may confirm the script; empty if anyone may confirm it. */
  readonly participants: readonly string[]
  readonly root: NewRoot | ExistingRoot
  readonly sign: readonly SignAction[]
  readonly revoke: readonly RevokeAction[]
  /** Validity of the CRL; undefined if the ceremony issues no CRL. */
  readonly crl: Validity | undefined
}

export interface NewRoot {
  readonly kind: 'new'
  readonly configuration: AuthorityConfiguration
  readonly validity: Validity
  /** Path length constraint from 0 to 3; undefined if the root has none. */
  readonly pathLength: number | undefined
  readonly nameConstraints: Extension | undefined
  /** The URL of the root's CRL, as it appears in certificates that the root signs. */
  readonly crlUrl: string | undefined
}

interface ExistingRoot {
  readonly kind: 'existing'
  /** SHA-256 of the DER-encoded root certificate, in lower-case hexadecimal. */
  readonly certificateSha256: string
  /**
   * SHA-256 of the last transcript, in lower-case hexadecimal; undefined if the script omits it, as scripts for earlier
   * versions do.
   */
  readonly previousTranscriptSha256: string | undefined
}

/** Maximum size of a script, in bytes. */
const scriptBytesMax = 1_048_576
const titleMax = 200
const nameMax = 100
const participantsMax = 20
const urlMax = 253

/** Parses a ceremony script. Throws a ConfigurationError that lists every problem, one per line, with the path of its member. */
export function parseScript(bytes: Uint8Array): CeremonyScript {
  const problems: string[] = []
  const script = readScript(jsonOf(bytes), problems)
  if (problems.length === 0 && script !== undefined) return script
  throw new ConfigurationError(problems.map((problem) => `the script: ${problem}`).join('\n'))
}

function jsonOf(bytes: Uint8Array): unknown {
  if (bytes.length > scriptBytesMax)
    throw new ConfigurationError(`the script is larger than ${scriptBytesMax} bytes`)
  let value: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigurationError(`the script is not JSON in UTF-8: ${(error as Error).message}`, {
      cause: error,
    })
  }
  // Programs handle duplicate members differently, so a reviewer might see a value that does not apply.
  if (hasDuplicateKeys(text))
    throw new ConfigurationError(
      'the script has an object with a duplicate member; remove one of the two',
    )
  return value
}

function readScript(value: unknown, problems: string[]): CeremonyScript | undefined {
  const names = ['version', 'title', 'participants', 'createRoot', 'useRoot', 'actions']
  const members = ScriptMembers.of(value, { path: '', names, problems })
  if (members === undefined) return undefined
  const version = members.required('version')
  if (version !== undefined && version !== 1) members.report('version', 'must be 1')
  const title = members.text('title', titleMax)
  const participants = readParticipants(members)
  const root = readRoot(members)
  const actions = readActions(members)
  requireCrl(members, root, actions)
  if (title === undefined || root === undefined) return undefined
  const { sign, revoke, crl } = actions
  return { title, participants, root, sign, revoke, crl }
}

function readParticipants(members: ScriptMembers): string[] {
  const people = members
    .list('participants', participantsMax)
    .filter((person, index): person is string => {
      const isName = typeof person === 'string' && isLine(person, nameMax)
      if (!isName)
        members.report(`participants[${index}]`, `must be a name of 1 to ${nameMax} characters`)
      return isName
    })
  if (new Set(people.map(nameKey)).size < people.length)
    members.report('participants', 'must not contain the same name twice')
  if (members.has('participants') && people.length < 2)
    members.report('participants', 'must have at least two names')
  return people
}

/** Names that differ only in case, spaces or the encoding of accents are treated as equal. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()
}

function readRoot(members: ScriptMembers): NewRoot | ExistingRoot | undefined {
  if (members.has('createRoot') === members.has('useRoot'))
    return members.report('createRoot', 'or useRoot must be present, but not both')
  return members.has('createRoot') ? readNewRoot(members) : readExistingRoot(members)
}

function readNewRoot(members: ScriptMembers): NewRoot | undefined {
  const root = members.object('createRoot', [
    'subject',
    'keyAlgorithm',
    'signingAlgorithm',
    'validity',
    'pathLength',
    'nameConstraints',
    'crlUrl',
  ])
  if (root === undefined) return undefined
  const Subject = root.shaped('subject', asn1Subject)
  if (Subject !== undefined) root.attempt('subject', () => encodeSubject(Subject, 'subject'))
  const KeyAlgorithm = root.choice('keyAlgorithm', offeredKeyAlgorithms)
  const SigningAlgorithm = root.choice('signingAlgorithm', signingAlgorithms)
  if (KeyAlgorithm !== undefined && SigningAlgorithm !== undefined)
    root.attempt('signingAlgorithm', () => requireSigningAlgorithm(KeyAlgorithm, SigningAlgorithm))
  const validity = readValidity(root)
  const pathLength = readPathLength(root)
  const nameConstraints = root.has('nameConstraints') ? readNameConstraints(root) : undefined
  const crlUrl = root.has('crlUrl') ? root.converted('crlUrl', urlOf, httpUrl) : undefined
  if (!Subject || !KeyAlgorithm || !SigningAlgorithm || !validity) return undefined
  const configuration = { Subject, KeyAlgorithm, SigningAlgorithm }
  return { kind: 'new', configuration, validity, pathLength, nameConstraints, crlUrl }
}

const httpUrl = `an http URL of at most ${urlMax} characters, such as http://pki.example.com/root.crl`

/** CRL URLs must use http, because checking an https server's certificate could require the same CRL. */
function urlOf(text: string): string | undefined {
  const isShort = text.length <= urlMax && /^http:\/\/[\x21-\x7e]+$/.test(text)
  return isShort && URL.canParse(text) ? text : undefined
}

function readPathLength(root: ScriptMembers): number | undefined {
  if (!root.has('pathLength')) return undefined
  const value = root.required('pathLength')
  if (value === 0 || value === 1 || value === 2 || value === 3) return value
  return root.report('pathLength', 'must be 0, 1, 2 or 3')
}

function readExistingRoot(members: ScriptMembers): ExistingRoot | undefined {
  const root = members.object('useRoot', ['certificateSha256', 'previousTranscriptSha256'])
  if (root === undefined) return undefined
  const certificateSha256 = readSha256(root, 'certificateSha256')
  const previous = 'previousTranscriptSha256'
  const previousTranscriptSha256 = root.has(previous) ? readSha256(root, previous) : undefined
  if (certificateSha256 === undefined) return undefined
  return { kind: 'existing', certificateSha256, previousTranscriptSha256 }
}

/** A new root needs its first CRL, and a revocation has no effect until a CRL lists it. */
function requireCrl(
  members: ScriptMembers,
  root: CeremonyScript['root'] | undefined,
  { revoke, hasCrl }: ScriptActions,
): void {
  const needed = root?.kind === 'new' || revoke.length > 0
  if (needed && !hasCrl)
    members.report(
      'actions',
      'must have a crl action with a validity: ' +
        (revoke.length > 0
          ? 'the new CRL publishes the revocation'
          : 'a new root requires its first CRL'),
    )
}
