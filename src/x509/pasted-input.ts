/**
 * Recognizes input in formats other than PEM, for error messages. The messages never quote the input, because the input may be a
 * private key.
 */
import { parsePem, pemText } from './pem.ts'
import { structureKind, type StructureKind } from './structure-kind.ts'

/** The kind of structure that the caller expects. */
export type Expected = 'certificate' | 'request'

/** The OpenSSL commands that read each kind of structure. */
const commands = { certificate: 'x509', request: 'req' } as const

const bomLength = 2
const base64Text = /^[A-Za-z0-9+/]+={0,2}$/
const privateKeyLabel = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/
const pemMark = '-----BEGIN '

/**
 * Describes input that is not a PEM block of the expected structure, and explains how to convert the input. The description
 * completes a sentence that begins with "it is". Returns undefined if the format of the input is not recognized.
 */
export function recognizePasted(bytes: Uint8Array, expected: Expected): string | undefined {
  const text = pemText(bytes)
  if (text.trim() === '') return 'empty'
  if (privateKeyLabel.test(text)) return privateKey
  const utf16 = decodeUtf16(bytes)
  if (utf16 !== undefined)
    return `text in UTF-16; convert it with: iconv -f UTF-16 -t ASCII FILE${privateKeyWarning(utf16)}`
  const der = describeDer(bytes, expected)
  if (der !== undefined) return der
  if (text.includes(pemMark)) return describePem(text, expected)
  const joined = text.replaceAll(/\s/g, '')
  return base64Text.test(joined) ? describeBase64(joined, expected) : undefined
}

const privateKey = 'a private key, which must never be sent; treat the key as compromised'

/** Returns a warning if the decoded text contains a private key. */
function privateKeyWarning(utf16: string): string {
  return privateKeyLabel.test(utf16) ? ` (and it contains ${privateKey})` : ''
}

/**
 * Decodes UTF-16 with a byte order mark, or ASCII text in UTF-16 without a byte order mark. Returns undefined for any other
 * bytes.
 */
function decodeUtf16(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length & ~1)
  if (first === 0xff && second === 0xfe) return body.subarray(bomLength).toString('utf16le')
  const swapped = (): string => Buffer.from(body).swap16().toString('utf16le')
  if (first === 0xfe && second === 0xff) return swapped().slice(1)
  if (first !== 0 && second === 0) return body.toString('utf16le')
  return first === 0 && second !== 0 ? swapped() : undefined
}

/** Maximum number of PEM blocks that are examined. Several megabytes of text may contain tens of thousands of blocks. */
const blocksMax = 16

function describePem(text: string, expected: Expected): string | undefined {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1]
  if (label === 'PKCS7' || label === 'CMS') return pkcs7('PEM', expected)
  try {
    for (const { der } of parsePem(text).slice(0, blocksMax)) {
      const found = describeDer(der, expected, 'PEM')
      if (found !== undefined) return found
    }
  } catch {
    // The caller reports the error in a malformed PEM block.
  }
  return undefined
}

/** Describes base64-encoded DER without BEGIN and END lines, or an entire PEM file that is encoded in base64. */
function describeBase64(base64: string, expected: Expected): string | undefined {
  const inner = Buffer.from(base64, 'base64')
  const decoded = pemText(inner)
  if (privateKeyLabel.test(decoded)) return privateKey
  if (decoded.includes(pemMark))
    return 'PEM that was encoded in base64 again; send the PEM file unchanged (AWS CLI: fileb://FILE)'
  const kind = kindOf(inner)
  if (kind === undefined) return undefined
  if (kind === 'private key') return privateKey
  if (kind !== expected)
    return `base64 of ${kindNames[kind]} without the BEGIN and END lines of PEM`
  return (
    'base64 without the BEGIN and END lines of PEM; convert it with: ' +
    `base64 -d FILE | openssl ${commands[expected]} -inform DER`
  )
}

/** Describes DER, or the contents of a PEM block. The label of the block may be wrong. */
function describeDer(
  der: Uint8Array,
  expected: Expected,
  form: 'DER' | 'PEM' = 'DER',
): string | undefined {
  const kind = kindOf(der)
  if (kind === undefined) return undefined
  if (kind === 'private key') return privateKey
  if (kind === 'pkcs7') return pkcs7(form, expected)
  if (kind !== expected) return `${kindNames[kind]} in ${form}`
  return form === 'PEM'
    ? undefined
    : `DER; convert it with: openssl ${commands[expected]} -inform DER -in FILE`
}

function pkcs7(form: 'DER' | 'PEM', expected: Expected): string {
  return expected === 'request'
    ? `PKCS #7 in ${form}, not PKCS #10`
    : `PKCS #7 in ${form}; convert it (in PEM with the label PKCS7) with: openssl pkcs7 -inform ${form} -in FILE -print_certs`
}

const kindNames: Readonly<Record<StructureKind, string>> = {
  certificate: 'a certificate',
  request: 'a certificate signing request',
  crl: 'a CRL',
  ocsp: 'an OCSP response',
  pkcs7: 'PKCS #7',
  pkcs12: 'a PKCS #12 file',
  'private key': 'a private key',
  'public key': 'a public key',
}

function kindOf(der: Uint8Array): StructureKind | undefined {
  try {
    return structureKind(der)
  } catch {
    return undefined
  }
}
