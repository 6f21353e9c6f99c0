/** The command `signet issue`, which generates a key, issues a certificate for it, and writes the files that a server reads. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { basename, dirname } from 'node:path'
import type { IssuedCertificate } from '../../client/index.ts'
import { readName, serverUrlProblem } from '../../client/names.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { ConfigurationError } from '../errors.ts'
import { lacksAlternativeName, parseCertificationRequest } from '../x509/certification-request.ts'
import { DerError } from '../x509/der/error.ts'
import { encodePem, parsePem } from '../x509/pem.ts'
import { requestTolerance } from '../x509/der/tolerance.ts'
import { chooseAuthority, idOf, type AuthorityReference } from './authorities.ts'
import { requireUnused, requireWritable, writeFolder, type Metadata } from './certificate-folder.ts'
import type { Connection, Progress } from './connection.ts'
import { parseValidity, type KeyAlgorithmName } from './issuance-options.ts'
import { pkcs12Content, requirePkcs12Folder, type Pkcs12Options } from './pkcs12-file.ts'

export interface IssueRequest {
  /** The CA, or a reference for chooseAuthority; by default, the only ACTIVE subordinate CA. */
  readonly ca: AuthorityReference | string | undefined
  /** Either names for the certificate and the algorithm of its new key, or a CSR in PEM with its own names and key. */
  readonly subject:
    | { readonly names: readonly string[]; readonly keyAlgorithm: KeyAlgorithmName }
    | { readonly csr: string }
  /** Validity in the format of parseValidity. */
  readonly validity: string
  /** Name or ARN of the template. */
  readonly template: string | undefined
  /** The PKCS #12 file to write, if any. It requires a new key. */
  readonly pkcs12?: Pkcs12Options | undefined
}

interface Target {
  readonly folder: string
  readonly now: Date
  readonly progress: Progress
}

/**
 * Issues a certificate and writes the files. If the folder contains files and `force` is not set, the promise rejects with
 * ConfigurationError before anything is issued.
 */
export async function issueInto(
  connection: Connection,
  request: IssueRequest,
  target: Target & { readonly force: boolean },
): Promise<Metadata> {
  if (!target.force) requireUnused(target.folder)
  return issueAndWrite(connection, request, target)
}

/** Issues a certificate and replaces the files in the certificate folder. */
export async function issueAndWrite(
  { client, endpoint, region }: Connection,
  { ca, subject, validity, template, pkcs12 }: IssueRequest,
  { folder, now, progress }: Target,
): Promise<Metadata> {
  const requestedValidity = parseValidity(validity, now)
  await requireWritable(folder)
  if (pkcs12 !== undefined) {
    requirePkcs12Folder(pkcs12.path)
    await requireWritable(dirname(pkcs12.path))
  }
  const authority = typeof ca === 'object' ? ca : await chooseAuthority(client, ca)
  progress(`Requesting a certificate from ${authority.name}`)
  const issued = await client.issue({
    ...subject,
    ca: authority.arn,
    validity: requestedValidity,
    ...(template !== undefined && { template }),
  })
  const metadata: Metadata = {
    version: 1,
    arn: issued.arn,
    certificateAuthorityArn: authority.arn,
    certificateAuthorityName:
      authority.name === idOf(authority.arn) ? issuerName(issued) : authority.name,
    serialNumber: issued.serialNumber,
    notBefore: isoSeconds(issued.notBefore),
    notAfter: isoSeconds(issued.notAfter),
    names: 'names' in subject ? subject.names : [],
    keyAlgorithm: 'keyAlgorithm' in subject ? subject.keyAlgorithm : null,
    template: template ?? null,
    validity,
    endpoint,
    region,
    ...(pkcs12 !== undefined && { pkcs12: pkcs12.path }),
    ...(pkcs12?.passwordFile !== undefined && { pkcs12PasswordFile: pkcs12.passwordFile }),
  }
  const key = 'key' in issued ? issued.key : undefined
  const parts = partsOf(issued.chain + issued.root)
  const certificates = issued.certificate + parts.chain
  await writeFolder(folder, {
    key,
    csr: 'csr' in subject ? subject.csr : undefined,
    certificate: issued.certificate,
    ...parts,
    metadata,
    ...(pkcs12 !== undefined &&
      key !== undefined && {
        pkcs12: {
          path: pkcs12.path,
          content: await pkcs12Content(
            { key, certificates },
            metadata.names[0] ?? basename(folder),
            pkcs12,
          ),
        },
      }),
  })
  return metadata
}

/**
 * Returns the issuer's CommonName, or the issuer's ID if it has no CommonName. The name is read from the certificate, because a
 * CA that was specified by its ARN has not been read.
 */
function issuerName({ certificate, certificateAuthorityArn }: IssuedCertificate): string {
  const { CN: name } = new X509Certificate(certificate).toLegacyObject().issuer
  return typeof name === 'string' ? name : idOf(certificateAuthorityArn)
}

/**
 * Splits a PEM chain into its topmost CA certificate and the certificates below it, which a server must send. The topmost
 * certificate is the root, unless a CA certificate was imported with a chain that does not include the root.
 */
function partsOf(chain: string) {
  const blocks = parsePem(chain).map(({ der }) => encodePem('CERTIFICATE', der))
  return { chain: blocks.slice(0, -1).join(''), root: blocks.at(-1) ?? '' }
}

/** Throws ConfigurationError for the first name that a certificate cannot contain. */
export function requireNames(names: readonly string[]): void {
  for (const name of names) {
    const result = serverUrlProblem(name) ?? readName(name)
    if (!('problem' in result)) continue
    const { problem, instead } = result
    const advice =
      instead === undefined ? '' : `; use ${isIP(instead) === 0 ? '--name' : '--ip'} ${instead}`
    throw new ConfigurationError(`--name: '${name}' ${problem}${advice}`)
  }
}

/** Returns warnings, as sentences, about a CSR that the CA accepts. A malformed CSR is rejected by the CA itself. */
export function requestNotes(pem: string): string[] {
  const [block] = parsePem(pem)
  try {
    const request = parseCertificationRequest(block?.der ?? new Uint8Array(), requestTolerance)
    return lacksAlternativeName(request) ? [noAlternativeName] : []
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

const noAlternativeName =
  'the CSR has a common name and no subject alternative name: TLS clients ignore the common name, so the certificate is ' +
  'not valid for any host'

/** Returns the DER encoding of a PEM CSR. Throws ConfigurationError unless the file contains exactly one CSR. */
export function requestIn(text: string, file: string): string {
  const requests = parsePem(text).filter(({ label }) => label.endsWith('CERTIFICATE REQUEST'))
  const [only] = requests
  if (only === undefined || requests.length > 1)
    throw new ConfigurationError(`${file} must contain one CSR in PEM, not ${requests.length}`)
  return encodePem('CERTIFICATE REQUEST', only.der)
}
