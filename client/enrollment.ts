/** An account's ACME and EST endpoints, available only from Signet. */
import { numberRule, oneOf, textRule, type OptionRules } from './check-options.ts'
import type { ListInput } from './access.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

const protocols = ['ACME', 'EST'] as const
const orderStatuses = ['PENDING', 'READY', 'PROCESSING', 'VALID', 'INVALID'] as const

/** Enrollment protocol of an endpoint. */
export type EnrollmentProtocol = (typeof protocols)[number]

/** Status of an ACME order (RFC 8555 §7.1.6). */
export type AcmeOrderStatus = (typeof orderStatuses)[number]

/** A profile of an ACME endpoint, which clients can choose. */
export interface AcmeProfile {
  readonly Name: string
  readonly Description: string
  readonly TemplateArn: string
  readonly ValiditySeconds: number
}

/** An enrollment endpoint. */
export interface ListedEndpoint {
  readonly Protocol: EnrollmentProtocol
  readonly Name: string
  /** ARN that identifies the endpoint as a principal. */
  readonly Arn: string
  readonly AccountId: string
  readonly CertificateAuthorityArn: string
  readonly TemplateArn: string
  readonly ValiditySeconds: number
  /** Patterns for the permitted names; empty if all names are permitted. */
  readonly Names: readonly string[]
  /** Challenge types of an ACME endpoint; empty if the endpoint does not validate names. */
  readonly Challenges?: readonly string[]
  /** Whether accounts at an ACME endpoint need a key for external account binding. */
  readonly ExternalAccountBinding?: 'REQUIRED' | 'OPTIONAL' | 'OFF'
  readonly Profiles?: readonly AcmeProfile[]
  /** Credentials that an EST endpoint requires: a client certificate, a one-time password, either of them, or both. */
  readonly Authentication?: 'EITHER' | 'CERTIFICATE' | 'PASSWORD' | 'BOTH'
  /**
   * Additional CA whose certificates an EST endpoint accepts for client authentication. The endpoint always accepts its own CA's
   * certificates.
   */
  readonly ClientCertificateAuthorityArn?: string
  /** Whether an EST endpoint generates keys for clients. */
  readonly ServerKeyGeneration?: boolean
  readonly CreatedAt: Date
}

/** A key for external account binding, or a one-time password, without its secret. */
interface EnrollmentSecret {
  /** Whether the key or password is still usable: neither used up nor expired. */
  readonly Usable: boolean
  readonly Names: readonly string[]
  readonly CreatedAt: Date
  readonly ExpiresAt?: Date
  readonly UsedAt?: Date
}

/** An ACME endpoint's key for external account binding. */
export interface ExternalAccountKey extends EnrollmentSecret {
  readonly KeyId: string
  readonly Reusable: boolean
}

/** A one-time password of an EST endpoint. */
export interface EstPassword extends EnrollmentSecret {
  readonly UserName: string
}

/** An endpoint with the oldest 100 of its keys or passwords. */
export interface EndpointDetails extends ListedEndpoint {
  readonly AccountCount?: number
  readonly ExternalAccountKeys?: readonly ExternalAccountKey[]
  readonly Passwords?: readonly EstPassword[]
}

/** An account at an ACME endpoint. */
export interface ListedAcmeAccount {
  readonly AcmeAccountId: string
  readonly Status: 'VALID' | 'DEACTIVATED' | 'REVOKED'
  readonly Contacts: readonly string[]
  /** SHA-256 thumbprint of the account key in base64url (RFC 7638). */
  readonly KeyThumbprint: string
  /** EAB key used to create the account; absent without external account binding. */
  readonly KeyId?: string
  readonly CreatedAt: Date
}

/** An identifier in an ACME order. */
export interface AcmeIdentifier {
  /** Type of the identifier: `dns` or `ip`. */
  readonly Type: string
  readonly Value: string
}

/** An error as the client received it (RFC 8555 §6.7). */
export interface AcmeError {
  readonly Type: string
  readonly Detail: string
}

/** A challenge that failed. */
export interface FailedChallenge {
  readonly Identifier: AcmeIdentifier
  readonly Type: string
  readonly Error: AcmeError
}

/** An order of an ACME account. */
export interface ListedAcmeOrder {
  readonly OrderId: string
  readonly AcmeAccountId: string
  readonly Status: AcmeOrderStatus
  readonly Identifiers: readonly AcmeIdentifier[]
  readonly Profile?: string
  readonly CertificateArn?: string
  readonly Error?: AcmeError
  readonly FailedChallenges: readonly FailedChallenge[]
  readonly CreatedAt: Date
  readonly ExpiresAt: Date
}

/** The input of listEnrollmentEndpoints: a filter and a page. */
export interface ListEndpointsInput extends ListInput {
  /** Protocol of the endpoints to list; by default, endpoints of both protocols are listed. */
  readonly Protocol?: EnrollmentProtocol
}

/** The input of listAcmeAccounts. */
export interface ListAcmeAccountsInput extends ListInput {
  readonly EndpointName: string
}

/** The input of listAcmeOrders: filters and a page. */
export interface ListAcmeOrdersInput extends ListAcmeAccountsInput {
  readonly AcmeAccountId?: string
  readonly Status?: AcmeOrderStatus
}

/** A page of endpoints, sorted by protocol and name. A page can be empty and still have a NextToken. */
export interface ListEndpointsOutput {
  readonly Endpoints: readonly ListedEndpoint[]
  /** Token of the next page; absent on the last page. */
  readonly NextToken?: string
}

/** A page of accounts, oldest first. */
export interface ListAcmeAccountsOutput {
  readonly Accounts: readonly ListedAcmeAccount[]
  /** Token of the next page; absent on the last page. */
  readonly NextToken?: string
}

/** A page of orders, newest first. A page can be empty and still have a NextToken. */
export interface ListAcmeOrdersOutput {
  readonly Orders: readonly ListedAcmeOrder[]
  /** Token of the next page; absent on the last page. */
  readonly NextToken?: string
}

/** The client's methods for enrollment endpoints, ACME accounts and ACME orders. Only Signet has enrollment operations. */
export interface EnrollmentOperations {
  /**
   * Returns a page of the account's endpoints in the Region.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`
   * @example
   * const { Endpoints } = await client.listEnrollmentEndpoints({ Protocol: 'ACME' })
   */
  listEnrollmentEndpoints(
    input?: ListEndpointsInput,
    options?: CallOptions,
  ): Promise<ListEndpointsOutput>
  /**
   * Returns an endpoint with its keys or passwords, but not their secrets.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`
   * @example
   * const { Endpoint } = await client.getEnrollmentEndpoint({ Protocol: 'ACME', Name: 'web' })
   */
  getEnrollmentEndpoint(
    input: { readonly Protocol: EnrollmentProtocol; readonly Name: string },
    options?: CallOptions,
  ): Promise<{ readonly Endpoint: EndpointDetails }>
  /**
   * Returns a page of an ACME endpoint's accounts.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`, `ResourceNotFoundException`
   * @example
   * const { Accounts } = await client.listAcmeAccounts({ EndpointName: 'web' })
   */
  listAcmeAccounts(
    input: ListAcmeAccountsInput,
    options?: CallOptions,
  ): Promise<ListAcmeAccountsOutput>
  /**
   * Returns a page of an ACME endpoint's orders, including the errors of failed challenges.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`, `ResourceNotFoundException`
   * @example
   * const { Orders } = await client.listAcmeOrders({ EndpointName: 'web', Status: 'INVALID' })
   */
  listAcmeOrders(input: ListAcmeOrdersInput, options?: CallOptions): Promise<ListAcmeOrdersOutput>
}

const pageRules: OptionRules<ListInput> = { MaxResults: numberRule, NextToken: textRule }
const requiredText = { ...textRule, isRequired: true } as const

export function enrollmentOperations(sdk: SdkClient): EnrollmentOperations {
  const method = ownMethods(sdk)
  const ofEndpoint = { ...pageRules, EndpointName: requiredText }
  return {
    listEnrollmentEndpoints: method('listEnrollmentEndpoints', {
      ...pageRules,
      Protocol: oneOf(...protocols),
    }),
    getEnrollmentEndpoint: method('getEnrollmentEndpoint', {
      Protocol: { ...oneOf(...protocols), isRequired: true },
      Name: requiredText,
    }),
    listAcmeAccounts: method('listAcmeAccounts', ofEndpoint),
    listAcmeOrders: method('listAcmeOrders', {
      ...ofEndpoint,
      AcmeAccountId: textRule,
      Status: oneOf(...orderStatuses),
    }),
  }
}
