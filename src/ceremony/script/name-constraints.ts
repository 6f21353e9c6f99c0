/** Name constraints in a script (RFC 5280 §4.2.1.10): strings such as `DNS:example.com`, as printed by `signet inspect`. */
import { asn1Subject, encodeSubject } from '../../authority/subject.ts'
import { readBase } from '../../chain/name-constraints/name-forms.ts'
import { invalidArgs } from '../../errors.ts'
import { parseIpAddress } from '../../text/ip-address.ts'
import { isObject } from '../../text/json.ts'
import { decode } from '../../wire/shapes/decode.ts'
import { oids } from '../../x509/der/oid.ts'
import type { Extension } from '../../x509/extensions/extensions.ts'
import {
  encodeNameConstraints,
  type GeneralSubtree,
} from '../../x509/extensions/name-constraints.ts'
import type { ScriptMembers } from './members.ts'

const subtreesMax = 100

/** Returns the critical extension for the member `nameConstraints`, or undefined if there is a problem. */
export function readNameConstraints(members: ScriptMembers): Extension | undefined {
  const lists = members.object('nameConstraints', ['permitted', 'excluded'])
  if (lists === undefined) return undefined
  const [permitted, excluded] = [readSubtrees(lists, 'permitted'), readSubtrees(lists, 'excluded')]
  if (permitted === undefined || excluded === undefined) return undefined
  if (permitted.length + excluded.length === 0)
    return members.report('nameConstraints', 'must have at least one name')
  return {
    oid: oids.nameConstraints,
    critical: true,
    value: encodeNameConstraints({ permitted, excluded }),
  }
}

function readSubtrees(lists: ScriptMembers, name: string): GeneralSubtree[] | undefined {
  const subtrees = lists
    .list(name, subtreesMax)
    .map((value, index) => lists.attempt(`${name}[${index}]`, () => subtreeOf(value)))
  const complete = subtrees.filter((subtree) => subtree !== undefined)
  return complete.length === subtrees.length ? complete : undefined
}

const kinds = {
  DNS: 'dNSName',
  email: 'rfc822Name',
  URI: 'uniformResourceIdentifier',
} as const

const expected =
  'a name must be DNS:host, email:host-or-address, URI:host or IP:network/prefix, or an object with the member DirName'

/** Throws InvalidArgsException or DerError. */
function subtreeOf(value: unknown): GeneralSubtree {
  const subtree = typeof value === 'string' ? ofText(value) : ofObject(value)
  readBase(subtree)
  return subtree
}

function ofText(text: string): GeneralSubtree {
  const [, kind = '', name = ''] = /^(DNS|email|URI|IP):([\x21-\x7e]+)$/.exec(text) ?? []
  if (kind === 'IP') return { kind: 'iPAddress', content: networkOf(name) }
  if (kind === '') throw invalidArgs(expected)
  return { kind: kinds[kind as keyof typeof kinds], content: Buffer.from(name, 'latin1') }
}

function ofObject(value: unknown): GeneralSubtree {
  const isName = isObject(value) && Object.keys(value).join() === 'DirName'
  if (!isName) throw invalidArgs(expected)
  return {
    kind: 'directoryName',
    content: encodeSubject(decode(asn1Subject, value['DirName']), 'DirName'),
  }
}

/** Returns the address and mask of a network such as `10.0.0.0/8`. */
function networkOf(text: string): Uint8Array {
  const [, addressText = '', prefixText = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const address = parseIpAddress(addressText)
  const prefix = Number(prefixText)
  if (address === undefined || prefix > address.length * 8)
    throw invalidArgs('the network must have the form 10.0.0.0/8 or 2001:db8::/32')
  const mask = address.map((_, index) => {
    const bits = Math.min(8, Math.max(0, prefix - index * 8))
    return 0xff & ~(0xff >> bits)
  })
  if (address.some((byte, index) => (byte & ~(mask[index] ?? 0)) !== 0))
    throw invalidArgs(`the address ${addressText} has bits set beyond the prefix /${prefix}`)
  return Buffer.concat([address, mask])
}
