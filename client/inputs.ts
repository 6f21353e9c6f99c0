/** Inputs as callers write them: the SDK's, with text for bytes and with the algorithms that came after it. */
import type {
  ASN1Subject,
  CreateCertificateAuthorityCommandInput,
  IssueCertificateCommandInput,
  Validity,
} from '@aws-sdk/client-acm-pca'

/** AWS's KeyAlgorithm values. */
export type KeyAlgorithm =
  | 'RSA_2048'
  | 'RSA_3072'
  | 'RSA_4096'
  | 'EC_prime256v1'
  | 'EC_secp384r1'
  | 'EC_secp521r1'
  | 'ML_DSA_44'
  | 'ML_DSA_65'
  | 'ML_DSA_87'
  | 'SM2'

/** AWS's SigningAlgorithm values. */
export type SigningAlgorithm =
  | 'SHA256WITHECDSA'
  | 'SHA384WITHECDSA'
  | 'SHA512WITHECDSA'
  | 'SHA256WITHRSA'
  | 'SHA384WITHRSA'
  | 'SHA512WITHRSA'
  | 'SM3WITHSM2'
  | 'ML_DSA_44'
  | 'ML_DSA_65'
  | 'ML_DSA_87'

/** An X.500 name in AWS's form. */
export type Subject = ASN1Subject

/** Bytes, or the text that they are in UTF-8. */
export type Blob = string | Uint8Array

/** Of one call. */
export interface CallOptions {
  /** Gives the call up. */
  readonly abortSignal?: AbortSignal
}

type IsOptional<Members, Name extends keyof Members> =
  Partial<Pick<Members, Name>> extends Pick<Members, Name> ? true : false

/** Members that must be there cannot be undefined, as the SDK's types would allow. */
export type Defined<Members> = {
  readonly [Name in keyof Members]: IsOptional<Members, Name> extends true
    ? Members[Name]
    : Exclude<Members[Name], undefined>
}

/** Members of these names may be text. */
export type Blobs<Members, Names extends keyof Members> = {
  readonly [Name in keyof Members]: Name extends Names
    ? Blob | Extract<Members[Name], undefined>
    : Members[Name]
}

export type IssueInput = Blobs<
  Defined<
    Omit<IssueCertificateCommandInput, 'SigningAlgorithm'> & { SigningAlgorithm: SigningAlgorithm }
  >,
  'Csr'
>

type SdkConfiguration = NonNullable<
  CreateCertificateAuthorityCommandInput['CertificateAuthorityConfiguration']
>

export type CreateInput = Defined<
  Omit<CreateCertificateAuthorityCommandInput, 'CertificateAuthorityConfiguration'> & {
    CertificateAuthorityConfiguration: Omit<
      SdkConfiguration,
      'KeyAlgorithm' | 'SigningAlgorithm'
    > & { KeyAlgorithm: KeyAlgorithm; SigningAlgorithm: SigningAlgorithm }
  }
>

/** How long something is to be valid: AWS's form, days or years from now, or until a moment. */
export type ValidityWish =
  | { readonly days: number }
  | { readonly years: number }
  | { readonly until: Date }
  | Readonly<Defined<Validity>>
