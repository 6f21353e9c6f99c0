/** Requests that are sent to a token thread, and its replies. */
import type { KeyAlgorithm, SigningAlgorithm } from '../../authority/algorithms.ts'
import type { FailureKind } from './failure.ts'
import type { ToSign } from './key-kinds.ts'
import type { KeyName } from './module-values.ts'
import type { TokenKeyPair } from './token.ts'
import type { WrappedValue } from './wrapping-key.ts'

/** A call to a token. */
export type TokenCall =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'sign'
      readonly name: KeyName
      readonly algorithm: SigningAlgorithm
      readonly toSign: ToSign
    }
  | { readonly kind: 'find'; readonly label: string }
  | { readonly kind: 'create'; readonly name: KeyName; readonly algorithm: KeyAlgorithm }
  | { readonly kind: 'destroy'; readonly name: KeyName }
  | { readonly kind: 'wrap'; readonly label: string; readonly value: Uint8Array }
  | { readonly kind: 'unwrap'; readonly label: string; readonly wrapped: WrappedValue }

export type TokenRequest = TokenCall & {
  readonly id: number
  /** Maximum time that the call waits for an unavailable token. */
  readonly waitMilliseconds: number
}

/** A message to the token thread, which contains requests or the instruction to end. */
export type TokenMessage = readonly TokenRequest[] | 'close'

export interface TokenResults {
  readonly open: undefined
  readonly sign: Uint8Array
  readonly find: readonly TokenKeyPair[]
  readonly create: TokenKeyPair
  readonly destroy: undefined
  readonly wrap: WrappedValue
  readonly unwrap: Uint8Array
}

export type TokenReply = { readonly id: number } & (
  | { readonly result: TokenResults[keyof TokenResults] }
  | { readonly failure: { readonly kind: FailureKind; readonly message: string } }
)
