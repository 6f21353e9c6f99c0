/** ApiPassthrough and CsrExtensions, with all that is in them (AWS Private CA API, Data Types). */
import { boolean, enumeration, list, required, string, structure } from '../../wire/shapes/shape.ts'
import { asn1Subject, customObjectIdentifier } from './subject-shape.ts'

const string253 = string({ max: 253 })
const string256 = string({ max: 256 })

const otherName = structure({
  TypeId: required(customObjectIdentifier),
  Value: required(string256),
})

const ediPartyName = structure({
  PartyName: required(string256),
  NameAssigner: string256,
})

const generalName = structure({
  OtherName: otherName,
  Rfc822Name: string256,
  DnsName: string253,
  DirectoryName: asn1Subject,
  EdiPartyName: ediPartyName,
  UniformResourceIdentifier: string253,
  IpAddress: string({ max: 39 }),
  RegisteredId: customObjectIdentifier,
})

const keyUsage = structure({
  DigitalSignature: boolean(),
  NonRepudiation: boolean(),
  KeyEncipherment: boolean(),
  DataEncipherment: boolean(),
  KeyAgreement: boolean(),
  KeyCertSign: boolean(),
  CRLSign: boolean(),
  EncipherOnly: boolean(),
  DecipherOnly: boolean(),
})

const accessMethod = structure({
  CustomObjectIdentifier: customObjectIdentifier,
  AccessMethodType: enumeration(['CA_REPOSITORY', 'RESOURCE_PKI_MANIFEST', 'RESOURCE_PKI_NOTIFY']),
})

const accessDescription = structure({
  AccessMethod: required(accessMethod),
  AccessLocation: required(generalName),
})

/** Extensions that the CSR of a CA is to ask for. */
export const csrExtensions = structure({
  KeyUsage: keyUsage,
  SubjectInformationAccess: list(accessDescription),
})

const policyQualifierInfo = structure({
  PolicyQualifierId: required(enumeration(['CPS'])),
  Qualifier: required(structure({ CpsUri: required(string256) })),
})

const policyInformation = structure({
  CertPolicyId: required(customObjectIdentifier),
  PolicyQualifiers: list(policyQualifierInfo, { min: 1, max: 20 }),
})

const extendedKeyUsage = structure({
  ExtendedKeyUsageType: enumeration([
    'SERVER_AUTH',
    'CLIENT_AUTH',
    'CODE_SIGNING',
    'EMAIL_PROTECTION',
    'TIME_STAMPING',
    'OCSP_SIGNING',
    'SMART_CARD_LOGIN',
    'DOCUMENT_SIGNING',
    'CERTIFICATE_TRANSPARENCY',
  ]),
  ExtendedKeyUsageObjectIdentifier: customObjectIdentifier,
})

const base64String1To4096 = string({
  min: 1,
  max: 4096,
  pattern: '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?',
})

const customExtension = structure({
  ObjectIdentifier: required(customObjectIdentifier),
  Value: required(base64String1To4096),
  Critical: boolean(),
})

const extensions = structure({
  CertificatePolicies: list(policyInformation, { min: 1, max: 20 }),
  ExtendedKeyUsage: list(extendedKeyUsage, { min: 1, max: 20 }),
  KeyUsage: keyUsage,
  SubjectAlternativeNames: list(generalName, { min: 1, max: 150 }),
  CustomExtensions: list(customExtension, { min: 1, max: 150 }),
})

/** What IssueCertificate is to write instead of what the CSR says. */
export const apiPassthrough = structure({
  Extensions: extensions,
  Subject: asn1Subject,
})
