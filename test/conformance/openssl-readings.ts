/** CSRs and certificates, as read by the openssl program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
  parseCertificationRequest,
} from '../../src/x509/certification-request.ts'
import { requestTolerance } from '../../src/x509/der/tolerance.ts'
import { encodeName } from '../../src/x509/names/name.ts'
import type { RequestKey } from '../fuzz/mutate/csr.ts'

/** The parts of a CSR or a certificate that are compared. */
export interface Reading {
  readonly publicKey: string
  readonly subject: string
  readonly commonNames: readonly string[]
  /** Names in the SAN, sorted. */
  readonly names: readonly string[]
}

function readWith(command: readonly string[], input: Uint8Array): Reading {
  const options = [
    '-inform',
    'DER',
    '-noout',
    '-pubkey',
    '-subject',
    '-nameopt',
    'RFC2253',
    '-text',
  ]
  const {
    status,
    stderr,
    stdout: text,
  } = spawnSync('openssl', [...command, ...options], {
    input,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  if (command.includes('-verify')) assert.match(stderr, /verify OK/)
  const line = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''
  // CSR attributes that are not extensions are indented less.
  const indent = command[0] === 'req' ? 16 : 12
  const san = line(
    new RegExp(`\\n {${indent}}X509v3 Subject Alternative Name:[^\\n]*\\n +([^\\n]*)`),
  )
  const subjectText = line(/^subject=([^\n]*)/m)
  return {
    publicKey: line(/(-----BEGIN PUBLIC KEY-----[^]*-----END PUBLIC KEY-----)/),
    subject: subjectText,
    commonNames: Array.from(
      subjectText.matchAll(/(?:^|[,+])CN=([^,+]*)/g),
      ([, name = '']) => name,
    ),
    names: san === '' ? [] : san.split(', ').toSorted(),
  }
}

/**
 * Reads a CSR. Fails if the CSR's signature is invalid. OpenSSL refuses a CSR with malformed values even in parts that are not
 * copied into certificates. Unknown attributes and, with ACME, the subject's attributes are not copied. If OpenSSL refuses the
 * CSR, the function omits these attributes.
 */
export function readRequest(der: Uint8Array, { hash }: RequestKey): Reading {
  try {
    return readWith(['req', '-verify'], der)
  } catch (error) {
    const isSubject = String(error).includes('Type=X509_NAME_ENTRY')
    if (!isSubject && !String(error).includes('Type=X509_ATTRIBUTE')) throw error
    const request = parseCertificationRequest(der, requestTolerance)
    const { subjectPublicKeyInfo, certificationRequestInfoDer, extensions, signature } = request
    const spki = Buffer.from(subjectPublicKeyInfo.der)
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    assert.ok(verify(hash, certificationRequestInfoDer, key, signature), 'wrong signature')
    const subject = isSubject ? encodeName([]) : request.subject.der
    const info = encodeCertificationRequestInfo({
      subject,
      subjectPublicKeyInfo: spki,
      extensions,
    })
    const { der: algorithm } = request.signatureAlgorithm
    return readWith(['req'], encodeCertificationRequest(info, algorithm, signature))
  }
}

export const readCertificate = (der: Uint8Array): Reading => readWith(['x509'], der)
