/** Valid CSRs for keys of several algorithms, and their mutations. */
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  parseCertificationRequest,
} from '../../src/x509/certification-request.ts'
import { oids } from '../../src/x509/der/oid.ts'
import type { Choices } from '../chaos/choices.ts'
import { mutateBytes } from '../fuzz/mutate/bytes.ts'
import { mutateAndSign, type RequestKey } from '../fuzz/mutate/csr.ts'
import { mutateDer } from '../fuzz/mutate/der.ts'
import { createCsr } from '../support/crafted-csrs.ts'

/** The names in the subject alternative names of the CSRs. */
export const names = ['device-1.corp.example', '10.1.2.3']
const subject = [
  { type: oids.organizationName, value: 'Devices' },
  { type: oids.commonName, value: 'device-1.corp.example' },
]

/** A valid CSR, its key, and the public key in PEM. */
export interface BaseRequest {
  readonly key: RequestKey
  readonly publicKey: string
  readonly der: Buffer
}

function baseOf(
  privateKey: KeyObject,
  algorithm: RequestKey['algorithm'],
  hash: string,
): BaseRequest {
  const key = { privateKey, algorithm, hash }
  const csr = createCsr({ subject, names, key: privateKey })
  const { certificationRequestInfoDer: info } = parseCertificationRequest(csr)
  const signature = sign(hash, info, privateKey)
  const identifier = signatureAlgorithmIdentifier(algorithm)
  const der = Buffer.from(encodeCertificationRequest(info, identifier, signature))
  return { key, der, publicKey: pemOf(createPublicKey(privateKey)) }
}

const pemOf = (publicKey: KeyObject): string =>
  (publicKey.export({ type: 'spki', format: 'pem' }) as string).trim()

export const baseRequests = [
  baseOf(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    'SHA256WITHECDSA',
    'sha256',
  ),
  baseOf(
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    'SHA384WITHECDSA',
    'sha384',
  ),
  baseOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'SHA256WITHRSA', 'sha256'),
]

/** Mutates a CSR. In most cases, the mutated CSR has a valid signature. */
export function mutateRequest(
  { der, key }: BaseRequest,
  choices: Choices,
): { csr: Buffer; kind: string } {
  const kind = choices.of(['bytes', 'structure', 'signed', 'signed', 'signed', 'signed'])
  if (kind === 'bytes') return { csr: mutateBytes(der, choices), kind }
  if (kind === 'structure') return { csr: mutateDer(der, choices), kind }
  return { csr: mutateAndSign(der, key, choices), kind }
}
