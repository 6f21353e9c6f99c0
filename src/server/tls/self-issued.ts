/** A certificate for the API listener from one of the server's own CAs. */
import { createSign, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { daySeconds } from '../../text/duration.ts'
import type { Caller } from '../../identity/caller.ts'
import { generalNameOf } from '../../authority/general-names.ts'
import { statusAt } from '../../authority/status.ts'
import { ConfigurationError } from '../../errors.ts'
import { getCertificate } from '../../operations/certificate/get-certificate.ts'
import { issueCertificate } from '../../operations/certificate/issue-certificate.ts'
import type { Services } from '../../services.ts'
import { storable } from '../../text/storable-text.ts'
import { findAuthority } from '../../store/authorities.ts'
import { certificateAuthorityArn, parseCertificateAuthorityArn } from '../../wire/arn.ts'
import { signatureAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../x509/certification-request.ts'
import { encodeGeneralNames, type GeneralName } from '../../x509/names/general-name.ts'
import { encodeName } from '../../x509/names/name.ts'
import { oids } from '../../x509/der/oid.ts'
import { encodePem, parsePem } from '../../x509/pem.ts'

export interface OwnCertificate {
  /** PEM: the certificate and those above it but the root. */
  readonly cert: string
  /** PEM of the root above it, for clients to trust. */
  readonly root: string
  /** PEM; was never anywhere but in memory. */
  readonly key: string
  /** When two thirds of its life are over. */
  readonly renewAt: Date
}

/** Which CA, and for which hosts and addresses. */
export interface OwnCertificateOptions {
  readonly authorityArn: string
  readonly names: readonly string[]
}

const lifeSeconds = 7 * daySeconds

/**
 * Issues a certificate as IssueCertificate does: linted, counted, recorded, in the CA's reports. Throws ConfigurationError if
 * there is no such CA, or if it is not ACTIVE.
 */
export async function issueOwnCertificate(
  services: Services,
  { authorityArn, names }: OwnCertificateOptions,
): Promise<OwnCertificate> {
  const { caller, SigningAlgorithm, end } = await readAuthority(services, authorityArn)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const Csr = certificationRequest(
    names,
    publicKey.export({ type: 'spki', format: 'der' }),
    (info) => createSign('sha256').update(info).sign(privateKey),
  )
  const { CertificateArn = '' } = await required(issueCertificate.run)(
    services,
    {
      CertificateAuthorityArn: storable(authorityArn),
      Csr: Buffer.from(Csr),
      SigningAlgorithm,
      TemplateArn: storable(
        `arn:${caller.partition}:acm-pca:::template/EndEntityServerAuthCertificate/V1`,
      ),
      Validity: { Type: 'ABSOLUTE', Value: end },
    },
    caller,
  )
  const where = {
    CertificateAuthorityArn: storable(authorityArn),
    CertificateArn: storable(CertificateArn),
  }
  const found = await required(getCertificate.run)(services, where, caller)
  const now = services.clock.now().getTime() / 1000
  return {
    ...splitRoot(`${found.Certificate}\n${found.CertificateChain ?? ''}`),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    renewAt: new Date((now + ((end - now) * 2) / 3) * 1000),
  }
}

/** The CA, who asks in its account, and the end of a certificate's life in seconds since 1970. */
async function readAuthority({ db, clock }: Services, arn: string) {
  const name = parseCertificateAuthorityArn(arn)
  const authority = name && (await findAuthority(db, name.id))
  const now = clock.now()
  const isIt = authority !== undefined && certificateAuthorityArn(authority) === arn
  const status = isIt ? statusAt(authority, now) : undefined
  if (!isIt || authority.certificate === undefined || status !== 'ACTIVE')
    throw new ConfigurationError(
      `--tls-self: the certificate authority ${arn} ${isIt ? `is ${status ?? 'deleted'}, not ACTIVE` : 'does not exist'}; ` +
        'start on loopback without --tls-self, make it ACTIVE, and start again',
    )
  const { accountId, partition, region, configuration, certificate } = authority
  const caller: Caller = {
    partition,
    region,
    accountId,
    organizationId: undefined,
    arn: `arn:${partition}:iam::${accountId}:user/signet-tls`,
    accessKeyId: '',
    principal: { kind: 'user', userName: 'signet-tls', userId: 'signet-tls', tags: {} },
    policies: [],
    sessionPolicies: undefined,
  }
  const { SigningAlgorithm } = configuration
  const latest = Math.floor(certificate.notAfter.getTime() / 1000)
  const end = Math.min(Math.floor(now.getTime() / 1000) + lifeSeconds, latest)
  return { caller, SigningAlgorithm, end }
}

function certificationRequest(
  names: readonly string[],
  subjectPublicKeyInfo: Uint8Array,
  sign: (info: Uint8Array) => Uint8Array,
): string {
  const info = encodeCertificationRequestInfo({
    subject: encodeName([{ type: oids.commonName, value: (names[0] ?? '').slice(0, 64) }]),
    subjectPublicKeyInfo,
    extensions: [
      {
        oid: oids.subjectAltName,
        critical: false,
        value: encodeGeneralNames(names.map(generalName)),
      },
    ],
  })
  const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  const der = encodeCertificationRequest(info, algorithm, sign(info))
  return encodePem('CERTIFICATE REQUEST', der)
}

function generalName(name: string): GeneralName {
  return generalNameOf(isIP(name) === 0 ? { DnsName: name } : { IpAddress: name }, '--tls-names')
}

/** Clients have the root already, or do not trust it. */
function splitRoot(pem: string): { readonly cert: string; readonly root: string } {
  const certificates = parsePem(pem).map(({ der }) => new X509Certificate(der))
  const shown = certificates.filter((one, at) => at === 0 || one.subject !== one.issuer)
  return { cert: shown.join(''), root: String(certificates.at(-1) ?? '') }
}

/** Operations that are offered can be run. */
function required<F>(run: F | undefined): F {
  if (run === undefined) throw new Error('the operation is not offered')
  return run
}
