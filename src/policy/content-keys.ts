/** Names of the condition keys for the content of a certificate (issuance/content-keys.ts computes their values). */

/** Prefix of these keys, in lower case. No other condition key has this prefix. */
export const contentPrefix = 'signet:'

const subjectPrefix = 'signet:subject/'

/** `NAME` is the keyword of an attribute type, such as `O`, or its object identifier. */
const contentKeyNames = [
  'signet:CommonName',
  'signet:CommonNameType',
  'signet:DnsName',
  'signet:Email',
  'signet:ExtendedKeyUsage',
  'signet:IpAddress',
  'signet:IsCA',
  'signet:KeyAlgorithm',
  'signet:NameType',
  'signet:Subject/NAME',
  'signet:SubjectAttribute',
  'signet:Uri',
  'signet:ValidityDays',
] as const

/** Returns the name of a key as documented, from its lower-case form. */
export function contentKeyName(key: string): string {
  if (key.startsWith(subjectPrefix))
    return `signet:Subject/${key.slice(subjectPrefix.length).toUpperCase()}`
  return contentKeyNames.find((name) => name.toLowerCase() === key) ?? key
}
