/** Shapes of enrollment endpoints, and of the accounts and orders of ACME endpoints. */
import { estAuthentications } from '../../enrollment/endpoint.ts'
import { orderStatuses } from '../../store/enrollment/listings.ts'
import {
  boolean,
  enumeration,
  integer,
  list,
  long,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'

export const protocol = enumeration(['ACME', 'EST'])

export const endpointName = string({ min: 1, max: 64, pattern: '[a-z0-9-]+' })

export const acmeAccountId = string({ min: 1, max: 64, pattern: '[A-Za-z0-9_-]+' })

export const orderStatus = enumeration(upperCase(orderStatuses))

function upperCase<Word extends string>(words: readonly Word[]): readonly Uppercase<Word>[] {
  return words.map((word) => word.toUpperCase() as Uppercase<Word>)
}

const profileMembers = { TemplateArn: string(), ValiditySeconds: long() }

const endpointMembers = {
  Protocol: protocol,
  Name: string(),
  Arn: string(),
  AccountId: string(),
  CertificateAuthorityArn: string(),
  ...profileMembers,
  Names: list(string()),
  Challenges: list(string()),
  ExternalAccountBinding: enumeration(['REQUIRED', 'OPTIONAL', 'OFF']),
  Profiles: list(structure({ Name: string(), Description: string(), ...profileMembers })),
  Authentication: enumeration(upperCase(estAuthentications)),
  ClientCertificateAuthorityArn: string(),
  ServerKeyGeneration: boolean(),
  CreatedAt: timestamp(),
}

export const endpointShape = structure(endpointMembers)

const secretMembers = {
  Usable: boolean(),
  Names: list(string()),
  CreatedAt: timestamp(),
  ExpiresAt: timestamp(),
  UsedAt: timestamp(),
}

export const endpointDetailsShape = structure({
  ...endpointMembers,
  AccountCount: integer(),
  ExternalAccountKeys: list(structure({ KeyId: string(), Reusable: boolean(), ...secretMembers })),
  Passwords: list(structure({ UserName: string(), ...secretMembers })),
})

export const acmeAccountShape = structure({
  AcmeAccountId: string(),
  Status: enumeration(['VALID', 'DEACTIVATED', 'REVOKED']),
  Contacts: list(string()),
  KeyThumbprint: string(),
  KeyId: string(),
  CreatedAt: timestamp(),
})

const identifier = structure({ Type: string(), Value: string() })
const problem = structure({ Type: string(), Detail: string() })

export const orderShape = structure({
  OrderId: string(),
  AcmeAccountId: string(),
  Status: orderStatus,
  Identifiers: list(identifier),
  Profile: string(),
  CertificateArn: string(),
  Error: problem,
  FailedChallenges: list(structure({ Identifier: identifier, Type: string(), Error: problem })),
  CreatedAt: timestamp(),
  ExpiresAt: timestamp(),
})
