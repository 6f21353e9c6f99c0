import type { InstalledCertificate } from '../authority/authority.ts'
import {
  type CertificatePath,
  parseImport,
  requireImportable,
} from '../authority/import-certificate.ts'
import { differentlyEncodedIssuers } from '../authority/name-encodings.ts'
import { insertAuthorityCertificate, installCertificate } from '../store/authorities.ts'
import { touchAllCrls } from '../store/crls.ts'
import { required, structure } from '../wire/shape.ts'
import { publicKeyOf } from './authority-key.ts'
import { certificatePem } from './certificate-view.ts'
import { changeAuthority } from './change-authority.ts'
import { operation } from './operation.ts'
import { requireAuthority } from './require-authority.ts'
import { arn, certificateBodyBlob, certificateChainBlob } from './shapes.ts'

/**
 * Gives a CA its certificate, with which it becomes ACTIVE
 * (AWS Private CA API, ImportCertificateAuthorityCertificate).
 */
export const importCertificateAuthorityCertificate = operation({
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
  async run(services, input, caller) {
    const { authority, now } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'import-certificate',
    })
    const path = parseImport(input.Certificate, input.CertificateChain)
    await requireImportable(path, {
      type: authority.type,
      subjectPublicKeyInfoDer: publicKeyOf(authority),
      now,
      weakKeys: services.issuancePolicy.weakKeys,
      weakKeyList: services.issuancePolicy.weakKeyList,
    })
    await changeAuthority(services, [
      insertAuthorityCertificate(authority, installed(path), now),
      installCertificate(authority, authority.status === 'DISABLED' ? 'DISABLED' : 'ACTIVE', now),
      touchAllCrls(authority, now),
    ])
    for (const warning of differentlyEncodedIssuers([path.certificate, ...path.chain]))
      services.log.warn({ authority: input.CertificateAuthorityArn }, warning)
  },
})

function installed({ certificate, chain }: CertificatePath): Omit<InstalledCertificate, 'number'> {
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
