/** Valid inputs for every operation, which the fuzzer then mutates. */
import { csr } from '../support/csrs.ts'
import { base64, issueInput, templateArn } from '../support/hierarchy.ts'
import type { World } from './world.ts'

export interface Seed {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
}

const subject = {
  Country: 'DE',
  Organization: 'Fuzz',
  CommonName: 'fuzz.example.com',
  SerialNumber: '1',
  DistinguishedNameQualifier: 'q',
}

/** Inputs for the API operations. Operations that delete or disable a CA use `victim`. */
export function apiSeeds(world: World): readonly Seed[] {
  const { root, issuing, victim, pending } = world
  const ofRoot = { CertificateAuthorityArn: root.arn }
  const ofIssuing = { CertificateAuthorityArn: issuing.arn }
  const ofVictim = { CertificateAuthorityArn: victim }
  const tags = [{ Key: 'team', Value: 'web' }, { Key: 'level' }]
  const seeds: Readonly<Record<string, Seed['input'] | readonly Seed['input'][]>> = {
    ...issuingSeeds(world),
    ...policySeeds(world),
    CreateCertificateAuthority: {
      CertificateAuthorityType: 'ROOT',
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: 'EC_prime256v1',
        SigningAlgorithm: 'SHA256WITHECDSA',
        Subject: subject,
      },
      RevocationConfiguration: {
        CrlConfiguration: {
          Enabled: true,
          ExpirationInDays: 7,
          S3BucketName: world.bucket,
          CustomCname: 'crl.example.com',
          CustomPath: 'a/b',
        },
        OcspConfiguration: { Enabled: true, OcspCustomCname: 'ocsp.example.com' },
      },
      IdempotencyToken: 'token-1',
      Tags: tags,
      UsageMode: 'GENERAL_PURPOSE',
    },
    DeleteCertificateAuthority: { ...ofVictim, PermanentDeletionTimeInDays: 7 },
    RestoreCertificateAuthority: ofVictim,
    UpdateCertificateAuthority: {
      ...ofVictim,
      Status: 'ACTIVE',
      RevocationConfiguration: {
        CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: world.bucket },
      },
    },
    DescribeCertificateAuthority: ofRoot,
    GetCertificateAuthorityCertificate: ofIssuing,
    GetCertificateAuthorityCsr: { CertificateAuthorityArn: pending },
    ListCertificateAuthorities: { MaxResults: 3, ResourceOwner: 'SELF' },
    TagCertificateAuthority: { ...ofIssuing, Tags: tags },
    UntagCertificateAuthority: { ...ofIssuing, Tags: tags },
    ListTags: { ...ofIssuing, MaxResults: 5 },
    CreateCertificateAuthorityAuditReport: {
      ...ofVictim,
      S3BucketName: world.bucket,
      AuditReportResponseFormat: 'CSV',
    },
    DescribeCertificateAuthorityAuditReport: {
      ...ofVictim,
      AuditReportId: '01234567-89ab-cdef-0123-456789abcdef',
    },
  }
  return Object.entries(seeds).flatMap(([operation, inputs]) =>
    [inputs].flat().map((input) => ({ operation, input })),
  )
}

function issuingSeeds({
  issuing,
  root,
  victim,
  certificate,
  certificateArn,
}: World): Record<string, Seed['input'] | Seed['input'][]> {
  const ofIssuing = { CertificateAuthorityArn: issuing.arn }
  const passthrough = {
    Subject: subject,
    Extensions: {
      CertificatePolicies: [
        {
          CertPolicyId: '1.3.6.1.4.1.1',
          PolicyQualifiers: [{ PolicyQualifierId: 'CPS', Qualifier: { CpsUri: 'http://x/' } }],
        },
      ],
      ExtendedKeyUsage: [{ ExtendedKeyUsageType: 'SERVER_AUTH' }],
      KeyUsage: { DigitalSignature: true },
      SubjectAlternativeNames: [
        { DnsName: 'a.example.com' },
        { IpAddress: '192.0.2.1' },
        { DirectoryName: subject },
        { OtherName: { TypeId: '1.2.3', Value: 'x' } },
        { EdiPartyName: { PartyName: 'x' } },
        { RegisteredId: '1.2.3' },
      ],
      CustomExtensions: [{ ObjectIdentifier: '1.2.3.4', Value: 'MAA=', Critical: false }],
    },
  }
  return {
    IssueCertificate: [
      issueInput(issuing.arn, csr('ec-server')),
      issueInput(issuing.arn, csr('rsa-2048'), {
        template: 'EndEntityCertificate_APICSRPassthrough',
        more: {
          ApiPassthrough: passthrough,
          ValidityNotBefore: { Type: 'ABSOLUTE', Value: Math.floor(Date.now() / 1000) },
          IdempotencyToken: 'one',
        },
      }),
      issueInput(issuing.arn, csr('ec-server'), {
        template: 'BlankEndEntityCertificate_APIPassthrough',
        more: { ApiPassthrough: passthrough },
      }),
    ],
    GetCertificate: { ...ofIssuing, CertificateArn: certificateArn },
    RevokeCertificate: {
      ...ofIssuing,
      CertificateSerial: certificateArn.slice(certificateArn.lastIndexOf('/') + 1),
      RevocationReason: 'SUPERSEDED',
    },
    ListCertificates: {
      ...ofIssuing,
      Subject: 'fuzz*',
      SubjectAlternativeName: '.example.com',
      SerialNumber: '0a',
      TemplateArn: templateArn('EndEntityCertificate'),
      Requester: '123456789012',
      IssuedAfter: 1_700_000_000,
      ExpiresBefore: 4_000_000_000,
      Status: 'VALID',
      MaxResults: 10,
    },
    ImportCertificateAuthorityCertificate: [
      { CertificateAuthorityArn: victim, Certificate: base64(root.certificate) },
      {
        CertificateAuthorityArn: victim,
        Certificate: base64(issuing.certificate),
        CertificateChain: base64(issuing.chain),
      },
      { CertificateAuthorityArn: victim, Certificate: base64(certificate) },
    ],
  }
}

function policySeeds({ root, victim }: World): Record<string, Seed['input']> {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: '210987654321' },
        Action: ['acm-pca:IssueCertificate', 'acm-pca:GetCertificate'],
        Resource: victim,
        Condition: {
          StringEquals: { 'acm-pca:TemplateArn': templateArn('EndEntityCertificate') },
        },
      },
    ],
  })
  const ofVictim = { CertificateAuthorityArn: victim }
  return {
    PutPolicy: { ResourceArn: victim, Policy },
    GetPolicy: { ResourceArn: root.arn },
    DeletePolicy: { ResourceArn: victim },
    CreatePermission: {
      ...ofVictim,
      Principal: 'acm.amazonaws.com',
      SourceAccount: '123456789012',
      Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
    },
    DeletePermission: { ...ofVictim, Principal: 'acm.amazonaws.com' },
    ListPermissions: { ...ofVictim, MaxResults: 2 },
  }
}

/** Parameters for STS requests. */
export function stsSeeds({ roleArn }: World): readonly Readonly<Record<string, string>>[] {
  return [
    { Action: 'GetCallerIdentity' },
    {
      Action: 'AssumeRole',
      RoleArn: roleArn,
      RoleSessionName: 'fuzz',
      DurationSeconds: '900',
      Policy: '{"Version":"2012-10-17","Statement":[]}',
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'web',
      'TransitiveTagKeys.member.1': 'team',
      ExternalId: 'external',
      SourceIdentity: 'someone',
    },
    { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'fuzz' },
  ]
}

/** Claims for a valid token that expires in an hour. */
export function claimsOf({ issuer }: World): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer, sub: 'repo:fuzz', aud: 'signet', iat: now, nbf: now, exp: now + 3600 }
}
