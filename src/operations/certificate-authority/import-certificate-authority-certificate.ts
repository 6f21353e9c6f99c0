import type { Authority, InstalledCertificate } from '../../authority/authority.ts'
import {
  parseImport,
  requireImportable,
  type CertificatePath,
} from '../../chain/import-certificate.ts'
import { identityOf } from '../../chain/issuer-identity.ts'
import type { Database } from '../../store/database.ts'
import { listOwnCertificates } from '../../store/installed-certificates.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { differentlyEncodedIssuers } from '../../chain/name-encodings.ts'
import { insertAuthorityCertificate, installCertificate } from '../../store/authority-changes.ts'
import { markAllCrlsDue } from '../../store/crls.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { publicKeyOf } from '../../authority/csr.ts'
import { certificatePem } from '../shared/certificate-view.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { arn, certificateBodyBlob, certificateChainBlob } from '../shared/shapes.ts'

/** Imports a CA's certificate and makes the CA ACTIVE (AWS Private CA API, ImportCertificateAuthorityCertificate). */
export const importCertificateAuthorityCertificate = authorityOperation({
  name: 'ImportCertificateAuthorityCertificate',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Certificate: required(certificateBodyBlob),
    CertificateChain: certificateChainBlob,
  }),
  output: undefined,
  errors: [
    'CertificateMismatchException',
    'MalformedCertificateException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidRequestException',
    'InvalidStateException',
    'RequestFailedException',
    'ConcurrentModificationException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'import-certificate',
  async run(services, input, { authority, now, caller }) {
    const path = parseImport(input.Certificate, input.CertificateChain)
    await requireImportable(path, {
      type: authority.type,
      subjectPublicKeyInfoDer: publicKeyOf(authority),
      now,
      weakKeys: services.issuancePolicy.weakKeys,
      publishesCrls: authority.revocation.CrlConfiguration.Enabled,
      weakKeyList: services.issuancePolicy.weakKeyList,
    })
    const { issuerIdentity, importedAt } = await nextImport(services.db, {
      authority,
      certificate: path.certificate,
      now,
    })
    const approved = await requireSecondPerson(services, caller, {
      action: 'import-ca-certificate',
      operation: 'ImportCertificateAuthorityCertificate',
      input,
      authority,
    })
    await changeAuthority(
      services,
      [
        ...approved,
        insertAuthorityCertificate(authority, { ...installed(path), issuerIdentity }, importedAt),
        installCertificate(authority, authority.status === 'DISABLED' ? 'DISABLED' : 'ACTIVE', now),
        markAllCrlsDue(authority, now),
      ],
      { time: now, actor: { principal: caller.arn }, authority: authority.number },
    )
    services.wake('publish-crls')
    for (const warning of differentlyEncodedIssuers([path.certificate, ...path.chain]))
      services.log.warn({ authority: input.CertificateAuthorityArn }, warning)
  },
})

/**
 * Returns the identity of the certificate to import, and its import time. The record identifies a CA certificate by its import
 * time, so the import times of a CA must increase. A concurrent import changes the CA's revision and therefore causes a conflict.
 */
async function nextImport(
  db: Database,
  {
    authority,
    certificate,
    now,
  }: { readonly authority: Authority; readonly certificate: Certificate; readonly now: Date },
): Promise<{ readonly issuerIdentity: number; readonly importedAt: Date }> {
  const earlier = await listOwnCertificates(db, authority.number)
  const issuerIdentity = identityOf(
    certificate,
    earlier.map(({ identity, certificateDer }) => ({
      identity,
      certificate: parseCertificate(certificateDer),
    })),
  )
  const last = earlier.at(-1)?.importedAt.getTime() ?? Number.NEGATIVE_INFINITY
  return { issuerIdentity, importedAt: new Date(Math.max(now.getTime(), last + 1)) }
}

function installed({
  certificate,
  chain,
}: CertificatePath): Omit<InstalledCertificate, 'number' | 'issuerIdentity'> {
  const { der, serialNumber, notBefore, notAfter } = certificate
  return {
    serialNumberHex: Buffer.from(serialNumber).toString('hex'),
    notBefore,
    notAfter,
    certificateDer: der,
    chainPem:
      chain.length === 0 ? undefined : chain.map((issuer) => certificatePem(issuer.der)).join('\n'),
  }
}
