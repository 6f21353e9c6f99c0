/** Names of the condition keys for the content of a certificate, whose values are computed in issuance/content-keys.ts. */

/** Prefix of the content keys in lower case. No other condition keys have this prefix. */
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

/** Returns the documented name of a condition key from its lower-case form. */
export function contentKeyName(key: string): string {
  if (key.startsWith(subjectPrefix))
    return `signet:Subject/${key.slice(subjectPrefix.length).toUpperCase()}`
  return contentKeyNames.find((name) => name.toLowerCase() === key) ?? key
}
