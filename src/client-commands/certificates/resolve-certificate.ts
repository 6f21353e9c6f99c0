/** Finds the certificate that a command-line argument refers to: a folder, a file, a serial number or an ARN. */
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Client } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { quoted } from '../../text/visible-text.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { issuerTolerance } from '../../x509/der/tolerance.ts'
import { parsePem, pemText } from '../../x509/pem.ts'
import { parseCertificateSerial, serialNumberKey } from '../../x509/serial-number-text.ts'
import { readMetadata } from '../certificate-folder.ts'

/** The values by which the API identifies a certificate. */
export interface CertificateId {
  readonly certificateAuthorityArn: string
  /** Serial number in hexadecimal, without colons. */
  readonly serialNumber: string
}

/** A parsed argument that refers to a certificate, before any file has been read. */
type CertificateReference =
  | { readonly kind: 'id'; readonly id: CertificateId }
  | { readonly kind: 'folder' | 'file'; readonly path: string }
  | { readonly kind: 'serial'; readonly serialNumber: string }

const arnForm = /^(arn:[^/]+:certificate-authority\/[^/]+)\/certificate\/([0-9a-fA-F]+)$/

/**
 * Parses a command-line argument that refers to a certificate. If the argument is an existing path, `pathKind` is the type of its
 * file. Throws ConfigurationError for an argument in an unknown format.
 */
export function parseReference(
  text: string,
  pathKind: 'folder' | 'file' | undefined,
): CertificateReference {
  const [, certificateAuthorityArn, arnSerial] = arnForm.exec(text) ?? []
  if (certificateAuthorityArn !== undefined && arnSerial !== undefined)
    return { kind: 'id', id: { certificateAuthorityArn, serialNumber: arnSerial } }
  if (text.startsWith('arn:'))
    throw new ConfigurationError(
      `${quoted(text)} is not the ARN of a certificate, which ends with /certificate/SERIAL`,
    )
  if (pathKind !== undefined) return { kind: pathKind, path: text }
  const serialNumber = parseCertificateSerial(text)
  if (serialNumber === undefined)
    throw new ConfigurationError(
      `${quoted(text)} is not a folder, a file, a hexadecimal serial number or a certificate ARN`,
    )
  return { kind: 'serial', serialNumber: text.replace(/^0x/i, '').replaceAll(':', '') }
}

export function certificateArn({ certificateAuthorityArn, serialNumber }: CertificateId): string {
  return `${certificateAuthorityArn}/certificate/${serialNumber.toLowerCase()}`
}

/** The part of a reference that is known without the API: local files have been read. */
export type LocalReference =
  | { readonly kind: 'id'; readonly id: CertificateId }
  | { readonly kind: 'serial'; readonly serialNumber: string }
  | ({ readonly kind: 'certificate'; readonly path: string } & Pick<
      Certificate,
      'der' | 'serialNumber'
    >)

/** Parses an argument and reads the file or folder at its path. Rejects with ConfigurationError if the argument is invalid. */
export async function readReference(text: string): Promise<LocalReference> {
  const reference = parseReference(text, pathKindOf(text))
  switch (reference.kind) {
    case 'id':
    case 'serial':
      return reference
    case 'folder':
      return { kind: 'id', id: idOfArn((await readMetadata(reference.path)).arn) }
    case 'file':
      return readCertificateFile(reference.path)
  }
}

/**
 * Finds the certificate that a reference refers to. `certificateAuthorityArn` limits the search for a serial number or a
 * file to one CA. Rejects with ConfigurationError unless exactly one certificate matches.
 */
export async function resolveReference(
  client: Client,
  reference: LocalReference,
  certificateAuthorityArn: string | undefined,
): Promise<CertificateId> {
  if (reference.kind === 'id') return reference.id
  const serialNumber =
    reference.kind === 'serial' ? reference.serialNumber : serialNumberKey(reference.serialNumber)
  if (certificateAuthorityArn !== undefined) return { certificateAuthorityArn, serialNumber }
  if (reference.kind === 'serial') return findBySerial(client, serialNumber)
  for (const id of await listBySerial(client, serialNumber))
    if (await isSameCertificate(client, id, reference)) return id
  throw new ConfigurationError(
    `${reference.path}: no CA in this account and Region has issued the certificate with serial number ${serialNumber}`,
  )
}

/** Finds the certificate that an argument refers to. Rejects like readReference and resolveReference. */
export async function resolveCertificate(
  client: Client,
  text: string,
  certificateAuthorityArn: string | undefined,
): Promise<CertificateId> {
  return resolveReference(client, await readReference(text), certificateAuthorityArn)
}

function pathKindOf(text: string): 'folder' | 'file' | undefined {
  if (!existsSync(text)) return undefined
  return statSync(text).isDirectory() ? 'folder' : 'file'
}

function idOfArn(arn: string): CertificateId {
  const reference = parseReference(arn, undefined)
  if (reference.kind === 'id') return reference.id
  throw new ConfigurationError(`${arn} is not the ARN of a certificate`)
}

async function readCertificateFile(path: string): Promise<LocalReference> {
  const bytes = await readFile(path)
  if (basename(path) === 'metadata.json') {
    const { arn } = JSON.parse(bytes.toString()) as { readonly arn?: unknown }
    return { kind: 'id', id: idOfArn(String(arn)) }
  }
  const { der, serialNumber } = firstCertificate(bytes, path)
  return { kind: 'certificate', path, der, serialNumber }
}

/** Returns the first certificate in a PEM or DER file. Throws ConfigurationError for a file without a certificate. */
function firstCertificate(bytes: Uint8Array, path: string): Certificate {
  try {
    const text = pemText(bytes)
    const block = text.includes('-----BEGIN ')
      ? parsePem(text).find(({ label }) => label === 'CERTIFICATE')
      : { der: bytes }
    if (block !== undefined) return parseCertificate(block.der, issuerTolerance)
  } catch (error) {
    throw new ConfigurationError(
      `${path} has no readable certificate: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
  throw new ConfigurationError(`${path} has no certificate`)
}

/** Several CAs may have issued certificates with the same serial number, so the certificates' bytes are compared. */
async function isSameCertificate(
  client: Client,
  id: CertificateId,
  { der }: Pick<Certificate, 'der'>,
): Promise<boolean> {
  const { Certificate: pem = '' } = await client.getCertificate({
    CertificateAuthorityArn: id.certificateAuthorityArn,
    CertificateArn: certificateArn(id),
  })
  return Buffer.compare(parsePem(pem)[0]?.der ?? new Uint8Array(), der) === 0
}

/** A serial number with fewer hexadecimal digits was probably copied from a shortened table column. */
const serialDigitsMin = 16

function completenessNote(serialNumber: string): string {
  return serialNumber.length < serialDigitsMin
    ? '; if this is only the start of a serial number, copy the complete serial number from: signet certificates list --wide'
    : ''
}

async function findBySerial(client: Client, serialNumber: string): Promise<CertificateId> {
  const found = await listBySerial(client, serialNumber)
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  if (only === undefined)
    throw new ConfigurationError(
      `no CA in this account and Region has issued a certificate with serial number ${serialNumber}${completenessNote(serialNumber)}`,
    )
  throw new ConfigurationError(
    [
      `${found.length} CAs have issued a certificate with serial number ${serialNumber}; choose one with --ca:`,
      ...found.map((id) => `  ${id.certificateAuthorityArn}`),
    ].join('\n'),
  )
}

/**
 * Searches for a certificate by serial number. Rejects with ConfigurationError if the service, such as AWS, has no
 * certificate search.
 */
async function listBySerial(client: Client, serialNumber: string): Promise<CertificateId[]> {
  const found: CertificateId[] = []
  try {
    for await (const { CertificateArn } of client.searchCertificates({
      SerialNumber: serialNumber,
    }))
      found.push(idOfArn(CertificateArn))
  } catch (error) {
    if ((error as Error).name !== 'UnknownOperationException') throw error
    throw new ConfigurationError(
      `the service at this endpoint cannot search certificates: specify the CA that issued ${serialNumber} with --ca, or the ARN of the certificate`,
      { cause: error },
    )
  }
  return found
}
