/** Object identifiers as dotted text, as contents octets (X.690 §8.19), and as names. */
import { DerError } from './error.ts'
import { tags } from './reader.ts'
import { encodeElement } from './writer.ts'

/** Object identifiers, by the names that their standards assign to them. */
export const oids = {
  // Name attributes (X.520, RFC 4519, RFC 2985)
  commonName: '2.5.4.3',
  surname: '2.5.4.4',
  serialNumber: '2.5.4.5',
  countryName: '2.5.4.6',
  localityName: '2.5.4.7',
  stateOrProvinceName: '2.5.4.8',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',
  title: '2.5.4.12',
  givenName: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  dnQualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  userId: '0.9.2342.19200300.100.1.1',
  domainComponent: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
  // Extensions (RFC 5280 §4.2)
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  subjectDirectoryAttributes: '2.5.29.9',
  issuerAltName: '2.5.29.18',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  anyPolicy: '2.5.29.32.0',
  anyExtendedKeyUsage: '2.5.29.37.0',
  cpsQualifier: '1.3.6.1.5.5.7.2.1',
  userNotice: '1.3.6.1.5.5.7.2.2',
  // Extensions from other standards and vendors (RFC 3280, 6962, 7633, 6960, 8737, 3739 and 8551, Netscape, [MS-WCCE])
  privateKeyUsagePeriod: '2.5.29.16',
  signedCertificateTimestamps: '1.3.6.1.4.1.11129.2.4.2',
  precertificatePoison: '1.3.6.1.4.1.11129.2.4.3',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  qcStatements: '1.3.6.1.5.5.7.1.3',
  smimeCapabilities: '1.2.840.113549.1.9.15',
  netscapeCertType: '2.16.840.1.113730.1.1',
  netscapeComment: '2.16.840.1.113730.1.13',
  microsoftTemplateName: '1.3.6.1.4.1.311.20.2',
  microsoftTemplate: '1.3.6.1.4.1.311.21.7',
  microsoftApplicationPolicies: '1.3.6.1.4.1.311.21.10',
  microsoftCaVersion: '1.3.6.1.4.1.311.21.1',
  microsoftPreviousCaCertHash: '1.3.6.1.4.1.311.21.2',
  microsoftCaSecurity: '1.3.6.1.4.1.311.25.2',
  // Extended key usages (RFC 5280 §4.2.1.12, RFC 6962, Microsoft)
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  smartCardLogin: '1.3.6.1.4.1.311.20.2.2',
  documentSigning: '1.3.6.1.4.1.311.10.3.12',
  certificateTransparency: '1.3.6.1.4.1.11129.2.4.4',
  // CRL extensions (RFC 5280 §5.2, §5.3)
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  issuingDistributionPoint: '2.5.29.28',
  // OCSP (RFC 6960 §4.2.1, §4.4.1)
  ocspBasic: '1.3.6.1.5.5.7.48.1.1',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
  // Access methods (RFC 5280 §4.2.2.1)
  ocsp: '1.3.6.1.5.5.7.48.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  // Access methods (RFC 5280 §4.2.2.2, RFC 6487 §4.8.8, RFC 8182 §3.2)
  caRepository: '1.3.6.1.5.5.7.48.5',
  rpkiManifest: '1.3.6.1.5.5.7.48.10',
  rpkiNotify: '1.3.6.1.5.5.7.48.13',
  // Certification request attributes (RFC 2985)
  extensionRequest: '1.2.840.113549.1.9.14',
  challengePassword: '1.2.840.113549.1.9.7',
  // Certification request attributes for EST (RFC 7030 §4.4.1, RFC 7894) and CMC (RFC 6402 §2.8)
  decryptKeyId: '1.2.840.113549.1.9.16.2.37',
  asymmetricDecryptKeyId: '1.2.840.113549.1.9.16.2.54',
  otpChallenge: '1.2.840.113549.1.9.16.2.56',
  revocationChallenge: '1.2.840.113549.1.9.16.2.57',
  estIdentityLinking: '1.2.840.113549.1.9.16.2.58',
  changeSubjectName: '1.3.6.1.5.5.7.7.36',
  // Microsoft's equivalent, szOID_CERT_EXTENSIONS ([MS-WCCE] §2.2.2.7.7.1)
  microsoftCertExtensions: '1.3.6.1.4.1.311.2.1.14',
  // Keys and signatures (RFC 3279, RFC 4055, RFC 5480, RFC 5758, RFC 8410, RFC 9881)
  rsaEncryption: '1.2.840.113549.1.1.1',
  md5WithRsaEncryption: '1.2.840.113549.1.1.4',
  sha1WithRsaEncryption: '1.2.840.113549.1.1.5',
  mgf1: '1.2.840.113549.1.1.8',
  rsassaPss: '1.2.840.113549.1.1.10',
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  sha384WithRsaEncryption: '1.2.840.113549.1.1.12',
  sha512WithRsaEncryption: '1.2.840.113549.1.1.13',
  sha224WithRsaEncryption: '1.2.840.113549.1.1.14',
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
  ecdsaWithSha1: '1.2.840.10045.4.1',
  ecdsaWithSha224: '1.2.840.10045.4.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  mlDsa44: '2.16.840.1.101.3.4.3.17',
  mlDsa65: '2.16.840.1.101.3.4.3.18',
  mlDsa87: '2.16.840.1.101.3.4.3.19',
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const

const nameByOid: ReadonlyMap<string, string> = new Map(
  Object.entries(oids).map(([name, oid]) => [oid, name]),
)

/** Returns the name of a known object identifier, or the dotted text of an unknown object identifier. */
export function oidName(oid: string): string {
  return nameByOid.get(oid) ?? oid
}

const dottedPattern = /^[0-2](\.(0|[1-9][0-9]*))+$/
/** Maximum length of an encoded object identifier, in bytes. Only malicious input exceeds this length. */
const contentBytesMax = 128
/**
 * Maximum length of dotted text. Each encoded byte stands for at most three digits and a dot, so every object identifier that
 * can be read can also be written.
 */
const dottedLengthMax = 4 * contentBytesMax

/**
 * Returns whether text is an object identifier. The first two arcs must be within their limits, no arc may have leading zeros,
 * and the encoding may have at most 128 bytes.
 */
export function isOid(text: string): boolean {
  return contentOf(text) !== undefined
}

/** Encodes dotted text as contents octets (X.690 §8.19). Throws DerError if the text is not an object identifier. */
export function encodeOid(dotted: string): Uint8Array {
  const content = contentOf(dotted)
  if (content === undefined)
    throw new DerError(`'${dotted.slice(0, 64)}' is not an object identifier`)
  return content
}

function contentOf(dotted: string): Uint8Array | undefined {
  if (dotted.length > dottedLengthMax || !dottedPattern.test(dotted)) return undefined
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  if (first < 2n && second >= 40n) return undefined
  const bytes = [first * 40n + second, ...rest].flatMap(base128)
  return bytes.length <= contentBytesMax ? Uint8Array.from(bytes) : undefined
}

function base128(arc: bigint): number[] {
  const bytes = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn) | 0x80)
  return bytes
}

/**
 * DER elements for the known object identifiers, which are encoded only once. Nearly every object identifier that is written is
 * known.
 */
const elements: ReadonlyMap<string, Uint8Array> = new Map(
  Object.values(oids).map((dotted) => [dotted, encodeElement(tags.oid, encodeOid(dotted))]),
)

export function encodeOidElement(dotted: string): Uint8Array {
  return elements.get(dotted) ?? encodeElement(tags.oid, encodeOid(dotted))
}

/** The known object identifiers, by a hash of their encoding. Nearly every object identifier that is read is known. */
const known: ReadonlyMap<number, { readonly content: Uint8Array; readonly dotted: string }> =
  new Map(
    Object.values(oids).map((dotted) => {
      const content = encodeOid(dotted)
      return [hashOf(content), { content, dotted }]
    }),
  )

function hashOf(content: Uint8Array): number {
  let hash = content.length
  for (const byte of content) hash = (Math.imul(hash, 31) + byte) | 0
  return hash
}

/**
 * Decodes contents octets (X.690 §8.19) to dotted text. Throws DerError if the contents octets are malformed, not minimal or
 * too long.
 */
export function decodeOid(content: Uint8Array): string {
  const candidate = known.get(hashOf(content))
  return candidate !== undefined && Buffer.compare(candidate.content, content) === 0
    ? candidate.dotted
    : decodeUnknown(content)
}

function decodeUnknown(content: Uint8Array): string {
  const last = content.at(-1)
  if (last === undefined || last >= 0x80 || content.length > contentBytesMax)
    throw new DerError('OBJECT IDENTIFIER is empty, truncated or too long')
  const arcs = content.length <= 16 ? smallArcs(content) : largeArcs(content)
  const [head = 0n, ...rest] = arcs
  const first = head < 40n ? 0n : head < 80n ? 1n : 2n
  return [first, BigInt(head) - first * 40n, ...rest].join('.')
}

/**
 * Reads the arcs as numbers, which is faster than reading them as bigints. If an arc does not fit into a number, largeArcs is
 * used instead.
 */
function smallArcs(content: Uint8Array): (number | bigint)[] {
  const arcs: (number | bigint)[] = []
  let arc = 0
  let isArcStart = true
  for (const byte of content) {
    if (isArcStart && byte === 0x80) throw new DerError('OBJECT IDENTIFIER is not minimal')
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 128) return largeArcs(content)
    isArcStart = byte < 0x80
    if (!isArcStart) continue
    arcs.push(arc)
    arc = 0
  }
  return arcs
}

function largeArcs(content: Uint8Array): bigint[] {
  const arcs: bigint[] = []
  let arc = 0n
  let isArcStart = true
  for (const byte of content) {
    if (isArcStart && byte === 0x80) throw new DerError('OBJECT IDENTIFIER is not minimal')
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    isArcStart = byte < 0x80
    if (!isArcStart) continue
    arcs.push(arc)
    arc = 0n
  }
  return arcs
}
