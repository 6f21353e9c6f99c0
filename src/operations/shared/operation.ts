/**
 * Defines the type of an API operation. An operation consists of its contract (input and output members, errors) and its
 * implementation. Each operation has its own file, and index.ts contains the table of all operations. Authorization and HTTP are
 * handled in other folders.
 */
import type { Caller } from '../../identity/caller.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { decode } from '../../wire/shapes/decode.ts'
import { encode, type Encodable } from '../../wire/shapes/encode.ts'
import { fromQuery } from '../../wire/shapes/form.ts'
import { jsonBytesMax } from '../../wire/shapes/size.ts'
import type { Infer, StructureShape } from '../../wire/shapes/shape.ts'

/** Names of the API's 23 operations (AWS Private CA API, Actions), and of Signet's own operations. */
export type OperationName = AwsOperationName | OwnOperationName

/** Names of Signet's own operations, which use the same protocol as AWS's operations. */
export type OwnOperationName =
  | 'ApproveRequest'
  | 'DescribeServer'
  | 'CheckRevocation'
  | 'DescribeRevocation'
  | 'GetApproval'
  | 'GetEnrollmentEndpoint'
  | 'GetRole'
  | 'GetStatistics'
  | 'GetUser'
  | 'ListAccessKeys'
  | 'ListAcmeAccounts'
  | 'ListAcmeOrders'
  | 'GetRecordCheckpoint'
  | 'GetRecordEntry'
  | 'ListApprovals'
  | 'ListBackups'
  | 'ListCertificates'
  | 'ListEnrollmentEndpoints'
  | 'ListIdentityProviders'
  | 'ListRoles'
  | 'ListUsers'
  | 'ListJobs'
  | 'ListRecordEntries'
  | 'PublishCrl'
  | 'RejectRequest'
  | 'SimulatePolicy'

export type AwsOperationName =
  | 'CreateCertificateAuthority'
  | 'CreateCertificateAuthorityAuditReport'
  | 'CreatePermission'
  | 'DeleteCertificateAuthority'
  | 'DeletePermission'
  | 'DeletePolicy'
  | 'DescribeCertificateAuthority'
  | 'DescribeCertificateAuthorityAuditReport'
  | 'GetCertificate'
  | 'GetCertificateAuthorityCertificate'
  | 'GetCertificateAuthorityCsr'
  | 'GetPolicy'
  | 'ImportCertificateAuthorityCertificate'
  | 'IssueCertificate'
  | 'ListCertificateAuthorities'
  | 'ListPermissions'
  | 'ListTags'
  | 'PutPolicy'
  | 'RestoreCertificateAuthority'
  | 'RevokeCertificate'
  | 'TagCertificateAuthority'
  | 'UntagCertificateAuthority'
  | 'UpdateCertificateAuthority'

/** The result of `run`: the members of the output, or void for an operation without output. */
export type Result<O extends StructureShape | undefined> = O extends StructureShape
  ? Encodable<O>
  : void

/** Values of condition keys, by lower-case name. */
type ContentKeys = ReadonlyMap<string, readonly string[]>

/** The caller, and the CAs that must be omitted from a call about the entire account. */
export interface ScopedCaller extends Caller {
  /** Row numbers of the CAs in the account and Region for which the caller lacks permission; absent in a call about one CA. */
  readonly hiddenAuthorities?: () => Promise<ReadonlySet<number>>
  /**
   * Authorizes the call again with the condition keys of the certificate's content, and throws AccessDeniedException if the call
   * is denied. The function is absent if no policy refers to the certificate's content.
   */
  readonly authorizeContent?: (keys: ContentKeys) => Promise<void>
}

/** Service prefix of an IAM action. Signet's own prefix is for operations that no policy written for AWS should allow. */
type ActionPrefix = 'acm-pca' | 'signet'

/** A function that derives a value for authorization from a call, with its description for the API reference. */
interface FromCall<T, A extends readonly unknown[]> {
  /** Names or a sentence, in Markdown. */
  readonly documentation: string
  readonly of: (...call: A) => T
}

/** The contract of an operation, as declared in the operation's file. */
export interface OperationContract<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> {
  readonly name: N
  /** Prefix of the IAM action; `acm-pca` by default. */
  readonly actionPrefix?: ActionPrefix
  readonly input: I
  /** Shape of the output; undefined for an operation with an empty response body. */
  readonly output: O
  /**
   * Codes of the errors that AWS's model or docs/reference/compatibility lists for the operation, excluding the Common Errors.
   */
  readonly errors: readonly ErrorCode[]
  /** Returns the ARN of the CA that a call refers to, or undefined for a call about the entire account. */
  readonly resource: (input: Infer<I>) => string | undefined
  /** IAM actions that a call requires in addition to the operation's own action (Service Authorization Reference). */
  readonly furtherActions?: FromCall<readonly string[], [input: Infer<I>]>
  /** Condition keys that are specific to the operation, by lower-case name (Service Authorization Reference). */
  readonly conditionKeys?: FromCall<
    ReadonlyMap<string, readonly string[]>,
    [input: Infer<I>, caller: Caller]
  >
  /** Whether policies can also refer to the certificate's content, so that `run` must call `authorizeContent`. */
  readonly issuesCertificate?: boolean
}

/** An operation as declared in its file. The declared shapes determine the types of `run`. */
export interface OperationDefinition<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> extends OperationContract<N, I, O> {
  /** The implementation; absent if the operation is unsupported. */
  readonly run?: (services: Services, input: Infer<I>, caller: ScopedCaller) => Promise<Result<O>>
}

/** An operation as its callers see it, without its member types. */
export interface Operation<N extends OperationName = OperationName> {
  readonly name: N
  readonly action: `${ActionPrefix}:${N}`
  readonly input: StructureShape
  readonly output: StructureShape | undefined
  readonly errors: readonly ErrorCode[]
  readonly furtherActions?: Documented
  readonly conditionKeys?: Documented
  readonly issuesCertificate?: boolean
  readonly offered: boolean
  /** Maximum length of the JSON input, in bytes. */
  readonly bodyBytesMax: number
  /**
   * Decodes the members of a JSON body. Throws SerializationException for a wrong JSON type, and ValidationException for
   * a value that violates a constraint.
   */
  accept(members: unknown): Call
  /**
   * Decodes the members in a presigned URL's query string, ignoring the signature parameters. Throws the same errors as `accept`.
   */
  acceptQuery(parameters: ReadonlyMap<string, string>): Call
}

type Documented = Pick<FromCall<unknown, []>, 'documentation'>

/** A call whose input has been decoded. */
interface Call {
  /** Input, as decoded by the operation's shape. */
  readonly input: object
  /** ARN of the CA that the call refers to, not yet validated; undefined for a call about the entire account. */
  readonly resourceArn: string | undefined
  readonly furtherActions: readonly string[]
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /**
   * Runs the call. Resolves to the output as JSON members, or to undefined if the operation has no output.
   * Rejects with UnknownOperationException if the operation is unsupported.
   */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

/** Returns the facts that authorization needs about a call whose input has been decoded. */
export function authorizedPart<I extends StructureShape>(
  definition: Pick<
    OperationContract<OperationName, I, StructureShape | undefined>,
    'resource' | 'furtherActions' | 'conditionKeys'
  >,
  input: Infer<I>,
): Omit<Call, 'input' | 'run'> {
  return {
    resourceArn: definition.resource(input),
    furtherActions: definition.furtherActions?.of(input) ?? [],
    conditionKeys: (caller) => definition.conditionKeys?.of(input, caller) ?? new Map(),
  }
}

/** An operation with the types of its declaration. */
export type DeclaredOperation<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> = OperationDefinition<N, I, O> & Omit<Operation<N>, 'input' | 'output'>

/** Creates an operation from its declaration and keeps the declaration's types. */
export function operation<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
>(definition: OperationDefinition<N, I, O>): DeclaredOperation<N, I, O> {
  const accept = (members: unknown): Call => {
    const input = decode(definition.input, members)
    return {
      input,
      ...authorizedPart(definition, input),
      run: (services, caller) => runAndEncode(definition, input, { services, caller }),
    }
  }
  return {
    ...definition,
    action: `${definition.actionPrefix ?? 'acm-pca'}:${definition.name}`,
    offered: definition.run !== undefined,
    bodyBytesMax: jsonBytesMax(definition.input),
    accept,
    acceptQuery: (parameters) => accept(fromQuery(definition.input, parameters)),
  }
}

async function runAndEncode<I extends StructureShape, O extends StructureShape | undefined>(
  { run, output }: OperationDefinition<OperationName, I, O>,
  input: Infer<I>,
  { services, caller }: { readonly services: Services; readonly caller: ScopedCaller },
): Promise<object | undefined> {
  if (run === undefined) throw new ServiceError('UnknownOperationException', '')
  return encodeResult(output, await run(services, input, caller))
}

/** Encodes the result of `run`. TypeScript cannot relate the result's type to the output shape while that shape is generic. */
function encodeResult(output: StructureShape | undefined, result: unknown): object | undefined {
  return output === undefined ? undefined : encode(output, result as Encodable<StructureShape>)
}
