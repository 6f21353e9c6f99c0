/** Subordinate CAs in the service, below an external root. The root signs certificates that no template allows. */
import { createPublicKey } from 'node:crypto'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import type { Extension } from '../../src/x509/extensions/extensions.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
} from '../../src/x509/extensions/key-identifiers.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { parsePem } from '../../src/x509/pem.ts'
import {
  basicConstraints,
  certSignUsage,
  craft,
  named,
  newKeys,
  pemOf,
  type Crafted,
} from './crafted-certificates.ts'
import { createAuthority } from './hierarchy.ts'
import type { ApiCaller } from './service.ts'

const rootKeyIdentifier = Buffer.from('00'.repeat(20), 'hex')

export const identifier = {
  subject: (bytes: Uint8Array): Extension => ({
    oid: oids.subjectKeyIdentifier,
    critical: false,
    value: encodeSubjectKeyIdentifier(bytes),
  }),
  authority: (bytes: Uint8Array): Extension => ({
    oid: oids.authorityKeyIdentifier,
    critical: false,
    value: encodeAuthorityKeyIdentifier(bytes),
  }),
}

/** Creates a root CA outside the service. */
function externalRoot(): Crafted {
  return craft({
    subject: named('External Root'),
    extensions: [basicConstraints(), certSignUsage, identifier.subject(rootKeyIdentifier)],
  })
}

/** The variable fields of a CA certificate. */
export interface CaCertificateOptions {
  /** Subject: DER of the Name. */
  readonly subject: Uint8Array
  /** Value of subjectKeyIdentifier; the extension is omitted if the value is undefined. */
  readonly keyIdentifier: Uint8Array | undefined
  readonly keyUsage?: Extension
}

export interface ExternalAuthority {
  readonly arn: string
  readonly root: Crafted
  /** Signs a certificate for the CA's key, without importing the certificate. */
  readonly certify: (options: CaCertificateOptions) => Crafted
  /** Imports a certificate into the CA. */
  readonly give: (certificate: Crafted) => Promise<void>
}

/** Creates a subordinate CA without a certificate; `more` contains additional members for CreateCertificateAuthority. */
export async function createExternal(
  service: ApiCaller,
  more: Record<string, unknown>,
): Promise<ExternalAuthority> {
  const root = externalRoot()
  const { arn, csr } = await createAuthority(service, { type: 'SUBORDINATE', more })
  const [block] = parsePem(csr)
  const { der } = parseCertificationRequest(block?.der ?? new Uint8Array()).subjectPublicKeyInfo
  const publicKey = createPublicKey({ key: Buffer.from(der), type: 'spki', format: 'der' })
  // The certificate contains only the public key, and the root signs it.
  const keys = { ...newKeys(), publicKey }
  return {
    arn,
    root,
    certify: ({ subject, keyIdentifier, keyUsage = certSignUsage }) =>
      craft(
        {
          subject,
          keys,
          extensions: [
            basicConstraints(0),
            keyUsage,
            ...(keyIdentifier === undefined ? [] : [identifier.subject(keyIdentifier)]),
            identifier.authority(rootKeyIdentifier),
          ],
        },
        root,
      ),
    async give(certificate) {
      await service.must('ImportCertificateAuthorityCertificate', {
        CertificateAuthorityArn: arn,
        Certificate: pemOf(certificate).toString('base64'),
        CertificateChain: pemOf(root).toString('base64'),
      })
    },
  }
}
