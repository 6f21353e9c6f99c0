/** Enrollment endpoints with their keys, accounts, orders and passwords, in the form that the API and commands return. */
import type { CertificateProfile, EnrollmentEndpoint } from '../enrollment/endpoint.ts'
import type { Identifier } from '../enrollment/identifier.ts'
import { endpointArn } from '../identity/principal-arn.ts'
import type { AcmeAccount } from '../store/enrollment/accounts.ts'
import { isUsable, type BindingKeyRecord } from '../store/enrollment/binding-keys.ts'
import type { FailedChallenge, ListedOrder, StoredProblem } from '../store/enrollment/listings.ts'
import type { EstPassword } from '../store/enrollment/passwords.ts'
import type { AuthorityName } from '../store/record-subjects.ts'
import { certificateArn, certificateAuthorityArn, templateArn } from '../wire/arn.ts'

export function viewEndpoint(endpoint: EnrollmentEndpoint, authority: AuthorityName) {
  const { protocol, name, accountId, configuration, createdAt } = endpoint
  const { partition } = authority
  return {
    Protocol: upperCase(protocol),
    Name: name,
    Arn: endpointArn(authority, { protocol, name }),
    AccountId: accountId,
    CertificateAuthorityArn: certificateAuthorityArn(authority),
    ...viewProfile(configuration, partition),
    Names: configuration.names,
    ...('challenges' in configuration
      ? {
          Challenges: configuration.challenges,
          ExternalAccountBinding: upperCase(configuration.eab),
          Profiles: Object.entries(configuration.profiles).map(([Name, profile]) => ({
            Name,
            Description: profile.description,
            ...viewProfile(profile, partition),
          })),
        }
      : {
          Authentication: upperCase(configuration.authentication),
          ...(configuration.clientAuthorityArn !== undefined && {
            ClientCertificateAuthorityArn: configuration.clientAuthorityArn,
          }),
          ServerKeyGeneration: configuration.serverKeyGeneration,
        }),
    CreatedAt: createdAt,
  }
}

function viewProfile({ template, validitySeconds }: CertificateProfile, partition: string) {
  return {
    TemplateArn: templateArn(partition, template),
    ValiditySeconds: validitySeconds,
  }
}

/** Returns an EAB key without its MAC key. */
export function viewBindingKey(key: BindingKeyRecord, now: Date) {
  const { keyId, names, reusable, createdAt, expiresAt, usedAt } = key
  return {
    KeyId: keyId,
    Usable: isUsable(key, now),
    Names: names,
    Reusable: reusable,
    CreatedAt: createdAt,
    ...(expiresAt && { ExpiresAt: expiresAt }),
    ...(usedAt && { UsedAt: usedAt }),
  }
}

/** Returns a one-time password's properties without the password itself. */
export function viewPassword(
  { userName, names, createdAt, expiresAt, usedAt }: EstPassword,
  now: Date,
) {
  return {
    UserName: userName,
    Usable: usedAt === undefined && now < expiresAt,
    Names: names,
    CreatedAt: createdAt,
    ExpiresAt: expiresAt,
    ...(usedAt && { UsedAt: usedAt }),
  }
}

export function viewAcmeAccount(account: AcmeAccount) {
  const { id, status, contacts, keyThumbprint, bindingKeyId, createdAt } = account
  return {
    AcmeAccountId: id,
    Status: upperCase(status),
    Contacts: contacts,
    KeyThumbprint: keyThumbprint,
    ...(bindingKeyId !== undefined && { KeyId: bindingKeyId }),
    CreatedAt: createdAt,
  }
}

/** `authority` is the CA that issued the certificate. */
export function viewOrder(
  order: ListedOrder,
  failures: readonly FailedChallenge[],
  authority: AuthorityName | undefined,
) {
  const { id, accountId, status, identifiers, profile, error, serialNumber } = order
  return {
    OrderId: id,
    AcmeAccountId: accountId,
    Status: upperCase(status),
    Identifiers: identifiers.map(viewIdentifier),
    ...(profile !== undefined && { Profile: profile }),
    ...(serialNumber &&
      authority && {
        CertificateArn: certificateArn(certificateAuthorityArn(authority), serialNumber),
      }),
    ...(error && { Error: viewProblem(error) }),
    FailedChallenges: failures.map(({ identifier, type, error: problem }) => ({
      Identifier: viewIdentifier(identifier),
      Type: type,
      Error: viewProblem(problem),
    })),
    CreatedAt: order.createdAt,
    ExpiresAt: order.expiresAt,
  }
}

function viewIdentifier({ type, value }: Identifier) {
  return { Type: type, Value: value }
}

function viewProblem({ type, detail }: StoredProblem) {
  return { Type: type, Detail: detail }
}

/** Converts a word to upper case, the form in which the API returns it. */
function upperCase<Word extends string>(word: Word): Uppercase<Word> {
  return word.toUpperCase() as Uppercase<Word>
}
