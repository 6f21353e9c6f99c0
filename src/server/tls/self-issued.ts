/** Issues a TLS certificate for the API listener from one of the server's own CAs. */
import { createSign, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { daySeconds } from '../../text/duration.ts'
import type { Caller } from '../../identity/caller.ts'
import { generalNameOf } from '../../authority/general-names.ts'
import { issueOwn } from '../../operations/certificate/issue-own.ts'
import type { Services } from '../../services.ts'
import { storable } from '../../text/storable-text.ts'
import { certificateAuthorityArn, templateArn } from '../../wire/arn.ts'
import { signatureAlgorithmIdentifier } from '../../x509/algorithm-identifier.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
} from '../../x509/certification-request.ts'
import { encodeGeneralNames } from '../../x509/names/general-name.ts'
import { encodeName } from '../../x509/names/name.ts'
import { oids } from '../../x509/der/oid.ts'
import { encodePem, parsePem } from '../../x509/pem.ts'
import { requireOwnAuthority } from './own-authority.ts'

export interface OwnCertificate {
  /** PEM of the certificate and its chain, without the root certificate. */
  readonly cert: string
  /** PEM of the root certificate, which clients must trust. */
  readonly root: string
  /** PEM of the private key, which exists only in memory. */
  readonly key: string
  /** Time at which the certificate is renewed, after two thirds of its validity period. */
  readonly renewAt: Date
}

export interface OwnCertificateOptions {
  /** ARN or common name of the issuing CA. */
  readonly authority: string
  /** Host names and IP addresses that the certificate contains. */
  readonly names: readonly string[]
}

const lifeSeconds = 7 * daySeconds

/** Issues a TLS certificate for the API listener. Throws ConfigurationError unless exactly one CA matches and is ACTIVE. */
export async function issueOwnCertificate(
  services: Services,
  { authority, names }: OwnCertificateOptions,
): Promise<OwnCertificate> {
  const { authorityArn, caller, SigningAlgorithm, end } = await readAuthority(services, authority)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const Csr = certificationRequest(
    names,
    publicKey.export({ type: 'spki', format: 'der' }),
    (info) => createSign('sha256').update(info).sign(privateKey),
  )
  const { certificate, chain } = await issueOwn(
    services,
    {
      CertificateAuthorityArn: storable(authorityArn),
      Csr: Buffer.from(Csr),
      SigningAlgorithm,
      TemplateArn: storable(templateArn(caller.partition, 'EndEntityServerAuthCertificate/V1')),
      Validity: { Type: 'ABSOLUTE', Value: end },
    },
    caller,
  )
  const now = services.clock.now().getTime() / 1000
  return {
    ...splitRoot(`${certificate}\n${chain}`),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    renewAt: new Date((now + ((end - now) * 2) / 3) * 1000),
  }
}

/** Returns the CA, the caller that requests the certificate, and the certificate's notAfter in seconds since 1970. */
async function readAuthority({ db, clock }: Services, nameOrArn: string) {
  const now = clock.now()
  const authority = await requireOwnAuthority(db, nameOrArn, now)
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
  const authorityArn = certificateAuthorityArn(authority)
  return { authorityArn, caller, SigningAlgorithm, end }
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
        value: encodeNames(names, '--tls-names'),
      },
    ],
  })
  const algorithm = signatureAlgorithmIdentifier('SHA256WITHECDSA')
  const der = encodeCertificationRequest(info, algorithm, sign(info))
  return encodePem('CERTIFICATE REQUEST', der)
}

/**
 * Encodes host names and IP addresses as the value of a SAN extension. `flag` is the name of the setting, for error messages.
 */
export function encodeNames(names: readonly string[], flag: string): Uint8Array {
  return encodeGeneralNames(
    names.map((name) =>
      generalNameOf(isIP(name) === 0 ? { DnsName: name } : { IpAddress: name }, flag),
    ),
  )
}

/** Splits a PEM chain into the certificates that the server sends and the root certificate, which clients must already have. */
function splitRoot(pem: string): { readonly cert: string; readonly root: string } {
  const certificates = parsePem(pem).map(({ der }) => new X509Certificate(der))
  const sent = certificates.filter(
    (certificate, index) => index === 0 || certificate.subject !== certificate.issuer,
  )
  return { cert: sent.join(''), root: String(certificates.at(-1) ?? '') }
}
