/**
 * The interface of a Security Token Service operation. Each STS operation has its own file, and index.ts contains the
 * table of operations.
 */
import { ServiceError } from '../errors.ts'
import type { Sessions } from '../identity/session.ts'
import type { Caller } from '../identity/caller.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { Database } from '../store/database.ts'
import { decode } from '../wire/shapes/decode.ts'
import type { Encodable } from '../wire/shapes/encode.ts'
import { fromForm, type FormParameters } from '../wire/shapes/form.ts'
import { encodeXmlAnswer } from '../wire/shapes/xml.ts'
import type { Infer, StructureShape } from '../wire/shapes/shape.ts'
import type { IssuerKeys } from './issuer-keys.ts'

export interface StsServices {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  readonly sessions: Sessions
  readonly issuerKeys: IssuerKeys
}

/** The caller of a request, and its connection. */
export interface StsContext {
  /** The caller; undefined for an operation whose requests are unsigned. */
  readonly caller: Caller | undefined
  readonly sourceIp: string | undefined
  /** Whether the request arrived over TLS. */
  readonly isSecure: boolean
}

/** XML namespace of the responses. */
export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

export interface StsDefinition<I extends StructureShape, O extends StructureShape> {
  readonly name: string
  /** Whether requests must be signed. Unsigned requests contain a token that authenticates them. */
  readonly signed: boolean
  readonly input: I
  readonly output: O
  readonly run: (
    services: StsServices,
    input: Infer<I>,
    context: StsContext,
  ) => Promise<Encodable<O>>
}

/** An STS operation without the types of its members. */
export interface StsOperation {
  readonly name: string
  readonly signed: boolean
  /** Decodes the request parameters. Throws ValidationException or SerializationException. */
  accept(parameters: FormParameters): StsCall
  /** Encodes the response as XML. */
  answer(output: object, requestId: string): string
}

/** A call whose parameters have been decoded. */
interface StsCall {
  readonly input: object
  run(services: StsServices, context: StsContext): Promise<object>
}

export function stsOperation<I extends StructureShape, O extends StructureShape>(
  definition: StsDefinition<I, O>,
): StsOperation {
  const { name, signed } = definition
  return {
    name,
    signed,
    accept(parameters) {
      const input = decode(definition.input, fromForm(definition.input, parameters))
      return {
        input,
        run: (services, context) => definition.run(services, input, context),
      }
    },
    answer: (output, requestId) =>
      encodeXmlAnswer(definition.output, output as Encodable<O>, {
        name,
        namespace: stsNamespace,
        requestId,
      }),
  }
}

/** Returns the caller of a signed operation. */
export function requireCaller({ caller }: StsContext): Caller {
  if (caller === undefined)
    throw new ServiceError(
      'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    )
  return caller
}
