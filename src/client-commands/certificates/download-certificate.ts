/** Commands `signet certificates show` and `download`, which get a certificate and its chain from the API. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, ListedCertificate } from '../../../client/index.ts'
import {
  makeFolder,
  replaceFiles,
  writeOutput,
  type FileContent,
} from '../../files/durable-file.ts'
import { ConfigurationError } from '../../errors.ts'
import { encodePem, parsePem } from '../../x509/pem.ts'
import { certificateArn, type CertificateId } from './resolve-certificate.ts'

/** The certificate in PEM, with a trailing newline. */
export interface DownloadedCertificate {
  readonly certificate: string
  /** CA certificates from the issuer upward, without the root; empty if the root is the issuer. */
  readonly chain: string
  readonly root: string
}

export async function downloadCertificate(
  client: Client,
  id: CertificateId,
): Promise<DownloadedCertificate> {
  const { Certificate = '', CertificateChain = '' } = await client.getCertificate({
    CertificateAuthorityArn: id.certificateAuthorityArn,
    CertificateArn: certificateArn(id),
  })
  const blocks = parsePem(CertificateChain).map(({ der }) => encodePem('CERTIFICATE', der))
  return {
    certificate: parsePem(Certificate)
      .map(({ der }) => encodePem('CERTIFICATE', der))
      .join(''),
    chain: blocks.slice(0, -1).join(''),
    root: blocks.at(-1) ?? '',
  }
}

/**
 * Returns a certificate as certificate search finds it; undefined if the service has no certificate search, or if the certificate
 * was issued only moments ago.
 */
export async function certificateRecord(
  client: Client,
  { certificateAuthorityArn, serialNumber }: CertificateId,
): Promise<ListedCertificate | undefined> {
  try {
    const { Certificates } = await client.listCertificates({
      CertificateAuthorityArn: certificateAuthorityArn,
      SerialNumber: serialNumber,
    })
    return Certificates[0]
  } catch (error) {
    if ((error as Error).name === 'UnknownOperationException') return undefined
    throw error
  }
}

/** Returns whether a path refers to an output folder: it is an existing folder, ends with a slash, or has no extension. */
export function isFolderPath(path: string): boolean {
  if (existsSync(path)) return statSync(path).isDirectory()
  return path.endsWith('/') || !/\.[A-Za-z0-9]+$/.test(path)
}

/**
 * Writes the certificate to a file, or writes a folder with the same files as `signet issue` except the key. If `withChain` is
 * set, the file includes the chain. Resolves to the paths of the written files. Rejects with ConfigurationError if a file already
 * exists, unless `force` is set.
 */
export async function saveCertificate(
  { certificate, chain, root }: DownloadedCertificate,
  {
    path,
    withChain,
    force,
  }: { readonly path: string; readonly withChain: boolean; readonly force: boolean },
): Promise<readonly string[]> {
  const files = isFolderPath(path)
    ? Object.entries({
        'cert.pem': certificate,
        'chain.pem': chain,
        'fullchain.pem': certificate + chain,
        'ca.pem': root,
      }).map(([name, content]) => ({ path: join(path, name), content }))
    : [{ path, content: withChain ? certificate + chain : certificate }]
  const existing = files.find((file) => existsSync(file.path) && !isDevice(file.path))
  if (existing !== undefined && !force)
    throw new ConfigurationError(`${existing.path} exists; replace the file with --force`)
  await writeAll(
    path,
    files.map((file) => ({ ...file, mode: 0o644 })),
  )
  return files.map((file) => file.path)
}

async function writeAll(path: string, files: readonly FileContent[]): Promise<void> {
  const [only] = files
  if (only !== undefined && files.length === 1) return writeOutput(only)
  await makeFolder(path, 0o755)
  return replaceFiles(files)
}

function isDevice(path: string): boolean {
  return !statSync(path).isFile()
}
