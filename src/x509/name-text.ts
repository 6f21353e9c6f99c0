/** A Name as one line of text (RFC 2253), with the attributes that AWS's audit reports write by name. */
import type { Name } from './name.ts'
import { oids } from './oid.ts'
import { isStringTag } from './strings.ts'

const keywords: ReadonlyMap<string, string> = new Map([
  [oids.commonName, 'CN'],
  [oids.organizationalUnitName, 'OU'],
  [oids.organizationName, 'O'],
  [oids.localityName, 'L'],
  [oids.stateOrProvinceName, 'ST'],
  [oids.countryName, 'C'],
])

/** Last RDN first; attributes without a keyword, and values that are no strings, as `#` and the hex of their DER. */
export function nameText({ rdns }: Name): string {
  return rdns
    .toReversed()
    .map((rdn) => rdn.map(attributeText).join('+'))
    .join(',')
}

function attributeText(attribute: Name['rdns'][number][number]): string {
  const { type, tag, value, valueDer } = attribute
  const keyword = keywords.get(type)
  return keyword !== undefined && isStringTag(tag)
    ? `${keyword}=${escapeValue(value)}`
    : `${keyword ?? type}=#${Buffer.from(valueDer).toString('hex')}`
}

/** RFC 2253 §2.4. */
function escapeValue(value: string): string {
  if (!/[,+"\\<>;]|^[ #]| $/.test(value)) return value
  return value
    .replaceAll(/[,+"\\<>;]/g, String.raw`\$&`)
    .replace(/^[ #]/, String.raw`\$&`)
    .replace(/(?<!^\\) $/, String.raw`\ `)
}
