/** The command `signet ca renew`, which issues a CA's next certificate, for either the same key or a successor's key. */
import type { Client } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { nameWords, signedSerialWords } from '../../inspect/value-texts.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { listAuthorities, type AuthoritySummary } from '../authorities.ts'
import type { Progress } from '../connection.ts'
import { parseValidity } from '../issuance-options.ts'
import {
  certificatesIn,
  certifiedAuthority,
  issuerAmong,
  pemOf,
  type CertifiedAuthority,
} from './ca-certificate.ts'
import { planNext, type RenewalPlan } from './renewal-plan.ts'

export interface AuthorityRenewalOptions {
  /** Validity in the format of parseValidity; by default, the same duration as the current certificate's validity. */
  readonly validity: string | undefined
  readonly now: Date
  readonly progress: Progress
}

/** The result in the command's output form: keys are in PascalCase, and times are in ISO 8601. */
export interface RenewedAuthority {
  readonly Name: string
  readonly Arn: string
  readonly Issuer: string
  readonly SerialNumber: string
  readonly NotBefore: string
  readonly NotAfter: string
  /** Expiry of the previous certificate. */
  readonly PreviousNotAfter: string | null
}

/** A certificate to be imported into a CA. */
interface IssuedForCa {
  readonly certificate: string
  /** CA certificates in PEM; empty for a root. */
  readonly chain: string
}

/** Issues the next certificate for the same key, and imports it. */
export async function renewAuthority(
  client: Client,
  authority: AuthoritySummary,
  options: AuthorityRenewalOptions,
): Promise<RenewedAuthority> {
  const plan = await planRenewal(client, authority, options)
  const issued = await issueForCa(client, authority, { plan, progress: options.progress })
  return importCertificate(client, authority, { ...issued, progress: options.progress })
}

/**
 * Plans the CA's next certificate. Rejects with ConfigurationError if the issuer is not an ACTIVE CA in the account, or would
 * expire before the certificate.
 */
export async function planRenewal(
  client: Client,
  authority: AuthoritySummary,
  { validity, now, progress }: AuthorityRenewalOptions,
): Promise<RenewalPlan> {
  progress(`Reading the certificate of ${authority.name}`)
  const found = await certifiedAuthority(client, authority)
  if (found === undefined)
    throw new ConfigurationError(
      `${authority.name} is ${authority.status} and has no certificate to renew`,
    )
  const { certificate: current } = found
  const type = authority.type === 'ROOT' ? 'ROOT' : 'SUBORDINATE'
  const issuer = type === 'ROOT' ? found : await findIssuer(client, found)
  const requested = validity === undefined ? undefined : parseValidity(validity, now)
  const { arn, name, status } = issuer.authority
  const signer = { arn, name, status, certificate: issuer.certificate }
  return planNext({ type, current, issuer: signer, validity: requested, now })
}

async function findIssuer(client: Client, found: CertifiedAuthority): Promise<CertifiedAuthority> {
  const candidates: CertifiedAuthority[] = []
  for (const other of await listAuthorities(client)) {
    if (other.arn === found.authority.arn) continue
    const certified = await certifiedAuthority(client, other)
    if (certified !== undefined) candidates.push(certified)
  }
  const issuer = await issuerAmong(found.certificate, candidates)
  if (issuer !== undefined) return issuer
  throw new ConfigurationError(
    [
      `the issuer of ${found.authority.name}, ${nameWords(found.certificate.issuer)}, is not a CA in this account and Region; have the issuer sign a CSR:`,
      `  signet ca renew ${found.authority.arn} --csr-out ca.csr`,
      `  signet ca renew ${found.authority.arn} --certificate ca.pem --chain chain.pem`,
    ].join('\n'),
  )
}

/** Returns a CA's CSR in PEM, for an external issuer. */
export async function csrOf(client: Client, { arn }: { readonly arn: string }): Promise<string> {
  const { Csr = '' } = await client.getCertificateAuthorityCsr({ CertificateAuthorityArn: arn })
  return Csr.endsWith('\n') ? Csr : `${Csr}\n`
}

export async function issueForCa(
  client: Client,
  authority: { readonly arn: string; readonly name: string },
  { plan, progress }: { readonly plan: RenewalPlan; readonly progress: Progress },
): Promise<IssuedForCa> {
  const csr = await csrOf(client, authority)
  const isRoot = plan.type === 'ROOT'
  progress(
    isRoot
      ? `${authority.name} signs its certificate`
      : `${plan.issuer.name} signs the certificate of ${authority.name}`,
  )
  const { certificate, chain, root } = await client.issue({
    ca: isRoot ? authority.arn : plan.issuer.arn,
    csr,
    ...plan.content,
    validity: plan.validity,
  })
  return { certificate, chain: isRoot ? '' : chain + root }
}

/** Imports a certificate as the CA's current certificate. */
export async function importCertificate(
  client: Client,
  authority: AuthoritySummary,
  { certificate, chain, progress }: IssuedForCa & { readonly progress: Progress },
): Promise<RenewedAuthority> {
  progress(`Importing the certificate into ${authority.name}`)
  await client.importCertificateAuthorityCertificate({
    CertificateAuthorityArn: authority.arn,
    Certificate: certificate,
    ...(chain !== '' && { CertificateChain: chain }),
  })
  const [imported] = certificatesIn(certificate)
  if (imported === undefined) throw new Error('the server accepted an empty certificate')
  return {
    Name: authority.name,
    Arn: authority.arn,
    Issuer: nameWords(imported.issuer),
    SerialNumber: signedSerialWords(imported.serialNumber),
    NotBefore: isoSeconds(imported.notBefore),
    NotAfter: isoSeconds(imported.notAfter),
    PreviousNotAfter: authority.notAfter,
  }
}

/**
 * Splits the output of an external issuer into the certificate and its chain. The certificate file may also contain the chain.
 * `source` is the name of the certificate file in error messages. Throws ConfigurationError for a file without certificates.
 */
export function externalAnswer(
  certificateText: string,
  chainText: string | undefined,
  source = '--certificate',
): IssuedForCa {
  const [certificate, ...rest] = readCertificates(certificateText, source)
  if (certificate === undefined)
    throw new ConfigurationError(`${source}: the file has no certificate in PEM`)
  const chain = chainText === undefined ? rest : readCertificates(chainText, '--chain')
  if (chainText !== undefined && chain.length === 0)
    throw new ConfigurationError('--chain: the file has no certificate in PEM')
  if (chain.length === 0 && nameWords(certificate.issuer) !== nameWords(certificate.subject))
    throw new ConfigurationError(
      `${source}: the certificate was issued by another CA; specify its chain, from the issuer to the root, with --chain`,
    )
  return { certificate: pemOf([certificate]), chain: pemOf(chain) }
}

function readCertificates(pem: string, source: string): Certificate[] {
  try {
    return certificatesIn(pem)
  } catch (error) {
    throw new ConfigurationError(
      `${source}: the file must contain only PEM certificates: ${(error as Error).message}`,
      { cause: error },
    )
  }
}
